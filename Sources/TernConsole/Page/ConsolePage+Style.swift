extension ConsolePage {
    static let style = """
        :root {
          --ground: #f4f6f8; --card: #ffffff; --ink: #16202b; --quiet: #5a6775; --line: #dde3e9;
          --accent: #0b6bcb; --good: #12805c; --bad: #c0342b; --badground: #fdecea; --wait: #96660a;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #10161d; --card: #18212b; --ink: #e5ebf1; --quiet: #94a2b1; --line: #2a3643;
            --accent: #66b0ff; --good: #4cc79a; --bad: #ff8379; --badground: #3a201f; --wait: #e3b04b;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--ground); color: var(--ink);
          font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
        }
        header {
          display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem;
          padding: .7rem max(1rem, calc((100vw - 72rem) / 2)); background: var(--card);
          border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 1;
        }
        h1 { font-size: 1.15rem; margin: 0; }
        h1 span { color: var(--quiet); font-weight: 500; }
        h2 { font-size: 1rem; margin: 0 0 .6rem; }
        #state { margin: 0; color: var(--quiet); font-size: .85rem; }
        #state::before { content: "●"; color: var(--quiet); margin-right: .4rem; }
        #state.good::before { color: var(--good); }
        #state.bad::before { color: var(--bad); }
        main { max-width: 74rem; margin: 0 auto; padding: 1rem; }
        section, form { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
        section, form { padding: 1rem; margin-bottom: 1rem; }
        #tiles {
          display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .8rem;
          background: none; border: 0; padding: 0;
        }
        .tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .7rem .9rem; }
        .tile span { display: block; color: var(--quiet); font-size: .8rem; }
        .tile strong { font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; padding: .4rem .7rem .4rem 0; vertical-align: top; }
        th { color: var(--quiet); font-weight: 500; font-size: .8rem; white-space: nowrap; }
        tr + tr td, thead + tbody td { border-top: 1px solid var(--line); }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td.text { overflow-wrap: anywhere; min-width: 6rem; white-space: pre-wrap; }
        td.word { white-space: nowrap; }
        tr.choice { cursor: pointer; }
        tr.choice:hover td, tr.choice:focus td { background: color-mix(in srgb, var(--accent) 9%, transparent); }
        .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
        .quiet { color: var(--quiet); }
        p.quiet { margin: .3rem 0; font-size: .85rem; }
        .chips { display: flex; flex-wrap: wrap; gap: .5rem; }
        button { font: inherit; border-radius: 8px; border: 1px solid var(--line); padding: .35rem .8rem; }
        button { cursor: pointer; }
        button { background: var(--accent); color: var(--card); }
        button.plain, .chips button { background: var(--card); color: var(--ink); }
        .chips button { border-color: var(--bad); background: var(--badground); color: var(--bad); }
        .chips button { border-radius: 99px; }
        .chips button[aria-pressed="true"] { background: var(--bad); color: var(--card); }
        input { font: inherit; width: 100%; padding: .45rem .6rem; margin: .3rem 0 .7rem; border-radius: 8px; }
        input { border: 1px solid var(--line); background: var(--ground); color: var(--ink); }
        form { max-width: 32rem; margin: 2rem auto; }
        label { font-size: .85rem; color: var(--quiet); }
        progress { width: 100%; height: .6rem; accent-color: var(--accent); }
        .job { padding: .7rem 0; border-top: 1px solid var(--line); }
        .job:first-child { border-top: 0; padding-top: 0; }
        .job p { margin: 0 0 .3rem; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
        .job p.bad { display: block; overflow-wrap: anywhere; margin: .3rem 0 0; }
        #explanation:not(:empty) { margin-top: 1rem; padding: .8rem; border: 1px solid var(--line); }
        #explanation { border-radius: 8px; }
        #explanation h3 { font-size: .95rem; margin: 0 0 .4rem; overflow-wrap: anywhere; white-space: pre-wrap; }
        #explanation p { margin: .25rem 0; overflow-wrap: anywhere; white-space: pre-wrap; }
        @media (max-width: 44rem) {
          main { padding: .7rem; }
          #tiles { grid-template-columns: repeat(2, 1fr); gap: .6rem; }
          table, tbody, td { display: block; }
          thead { display: none; }
          tr { display: grid; grid-template-columns: repeat(4, auto); gap: .15rem .8rem; padding: .55rem 0; }
          tr { border-top: 1px solid var(--line); }
          tbody tr:first-child { border-top: 0; }
          tr + tr td, thead + tbody td { border: 0; }
          td { display: flex; justify-content: space-between; gap: 1rem; padding: 0; grid-column: 1 / -1; }
          td.number { display: block; grid-column: auto; }
          td::before { content: attr(data-name); color: var(--quiet); font-size: .85rem; flex: none; }
          td.number::before { display: block; font-size: .75rem; }
          td.number { text-align: left; }
          td.text, td.word { text-align: right; }
        }
        """
}
