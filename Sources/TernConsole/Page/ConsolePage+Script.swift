extension ConsolePage {
    /// Texts from the region reach the page as text nodes alone.
    static let script = #"""
        "use strict";
        const api = "/api/v1/", everyMs = 3000;
        const at = (id) => document.getElementById(id);
        const store = window.sessionStorage;
        let token = null, reason = null, bucket = null, shown = null, pages = 1, running = false, again = false, timer = null;
        // What the list of failures was made for, and when: a walk over versions, so not at each turn.
        let listed = null, listedAt = 0;

        // A token behind the # is not sent anywhere, and leaves the address bar at once. A bucket stays in it.
        function takeAddress() {
          const given = new URLSearchParams(window.location.hash.slice(1));
          bucket = given.get("bucket");
          if (!given.has("token")) return;
          token = given.get("token");
          store.setItem("token", token);
          showAddress();
        }
        function showAddress() {
          const hash = bucket === null ? "" : "#" + new URLSearchParams({ bucket });
          window.history.replaceState(null, "", "/" + hash);
        }
        function only(name) {
          bucket = name;
          reason = null;
          pages = 1;
          showAddress();
          refresh();
        }

        function node(name, options = {}, ...children) {
          const made = document.createElement(name);
          for (const [key, value] of Object.entries(options)) {
            if (key === "class") made.className = value;
            else if (key === "onclick") made.addEventListener("click", value);
            else made.setAttribute(key, value);
          }
          const asNode = (child) => child instanceof Node ? child : document.createTextNode(visible(child));
          made.append(...children.map(asNode));
          return made;
        }

        // Control characters, and those that turn the direction of what follows, are shown as their numbers.
        function visible(value) {
          const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
          return String(value).replace(hidden, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
        }

        const count = (n) => Number(n).toLocaleString("en");
        function bytes(n) {
          const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
          let unit = 0;
          while (n >= 1024 && unit < units.length - 1) { n /= 1024; unit += 1; }
          return (unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + " " + units[unit];
        }
        function span(ms) {
          const s = ms / 1000;
          if (s < 1) return Math.round(ms) + " ms";
          if (s < 120) return Math.round(s) + " s";
          if (s < 7200) return Math.round(s / 60) + " min";
          if (s < 172800) return Math.round(s / 3600) + " h";
          return Math.round(s / 86400) + " d";
        }
        const ago = (time) => time ? span(Math.max(0, Date.now() - Date.parse(time))) + " ago" : "–";

        // Columns: [title, class, function of a row that gives a text or an element].
        function table(columns, rows, choose) {
          const head = node("tr", {}, ...columns.map(([title, kind]) => node("th", { class: kind }, title)));
          const body = rows.map((row) => {
            const cells = columns.map(([title, kind, of]) => node("td", { class: kind, "data-name": title }, of(row)));
            const line = node("tr", {}, ...cells);
            if (choose) {
              line.className = "choice";
              line.tabIndex = 0;
              line.addEventListener("click", () => choose(row));
              line.addEventListener("keydown", (event) => { if (event.key === "Enter") choose(row); });
            }
            return line;
          });
          return node("table", {}, node("thead", {}, head), node("tbody", {}, ...body));
        }
        const show = (id, ...children) => at(id).replaceChildren(...children);
        const none = (text) => node("p", { class: "quiet" }, text);

        async function ask(path, parameters = {}) {
          const query = new URLSearchParams(parameters).toString();
          const answer = await fetch(api + path + (query ? "?" + query : ""), {
            headers: { authorization: "Bearer " + token }, cache: "no-store",
          });
          const document = await answer.json();
          if (answer.ok) return document;
          const error = new Error(document.error.message);
          error.status = answer.status;
          throw error;
        }

        function showOverview(o) {
          document.title = "Tern console: " + visible(o.region);
          at("region").textContent = o.region;
          const tile = (title, value, kind = "") =>
            node("div", { class: "tile" }, node("span", {}, title), node("strong", { class: kind }, value));
          show("tiles",
            tile("waiting", count(o.pendingOperations), o.pendingOperations ? "wait" : ""),
            tile("bytes waiting", bytes(o.pendingBytes)),
            tile("oldest", o.pendingOperations ? span(o.oldestPendingMs) : "–"),
            tile("failed since start", count(o.failedOperations), o.failedOperations ? "bad" : "good"),
            tile("open jobs", count(o.openJobs)),
            tile("buckets", count(o.buckets)));
          const laneKinds = { "backing off": "bad", probing: "bad", paused: "wait" };
          const lane = (r) => node("span", { class: laneKinds[r.laneState] || "" },
            r.laneState + (r.laneState !== "idle" && r.laneError ? ": " + r.laneError : ""));
          const failed = (r) => node("span", { class: r.failedOperations ? "bad" : "" }, count(r.failedOperations));
          const lag = (r) => r.completedOperations ? span(r.lag.p50Ms) + " / " + span(r.lag.p99Ms) : "–";
          show("rules", o.rules.length === 0 ? none("No replication rules.") : table([
            ["From", "text", (r) => r.sourceBucket],
            ["To", "text", (r) => (r.destinationRegion ? r.destinationRegion + "/" : "") + r.destinationBucket],
            ["Rule", "text", (r) => r.ruleId],
            ["Lane", "text", lane],
            ["Waiting", "number", (r) => count(r.pendingOperations)],
            ["Bytes", "number", (r) => bytes(r.pendingBytes)],
            ["Oldest", "number", (r) => r.pendingOperations ? span(r.oldestPendingMs) : "–"],
            ["Done", "number", (r) => count(r.completedOperations)],
            ["Failed", "number", failed],
            ["Rate", "number", (r) => bytes(r.bytesPerSecond) + "/s"],
            ["Lag p50 / p99", "number", lag],
          ], o.rules, (r) => only(r.sourceBucket === bucket ? null : r.sourceBucket)));
        }

        async function showFailures(overview) {
          const wanted = JSON.stringify([overview.failures, bucket, reason, pages]);
          if (wanted === listed && Date.now() - listedAt < 30000) return;
          const found = [];
          let cursor = null, examined = 0;
          for (let page = 0; page < pages; page += 1) {
            const parameters = { limit: "100" };
            if (bucket !== null) parameters.bucket = bucket;
            if (reason !== null) parameters.reason = reason;
            if (cursor !== null) parameters.cursor = cursor;
            const answer = await ask("failures", parameters);
            found.push(...answer.failures);
            examined += answer.examined;
            cursor = answer.next;
            if (cursor === null) break;
          }
          listed = wanted;
          listedAt = Date.now();
          const counts = new Map(bucket === null ? Object.entries(overview.failures) : []);
          if (reason === null) {
            const here = new Map();
            for (const failure of found) here.set(failure.reason, (here.get(failure.reason) || 0) + 1);
            for (const [name, n] of here) counts.set(name, Math.max(n, counts.get(name) || 0));
          } else if (!counts.has(reason)) counts.set(reason, found.length);
          const all = node("button", { "aria-pressed": "true", onclick: () => only(null) }, "bucket " + bucket);
          show("reasons", ...(bucket === null ? [] : [all]), ...[...counts].sort().map(([name, n]) => node("button", {
            "aria-pressed": String(name === reason),
            onclick: () => { reason = name === reason ? null : name; pages = 1; refresh(); },
          }, name + " · " + count(n))));
          const where = (reason === null ? "" : " for " + reason) + (bucket === null ? "" : " in " + bucket);
          const how = count(found.length) + " failed" + where + " among " + count(examined) + " versions";
          at("filter").textContent = how + (cursor === null ? "." : " so far.");
          at("more").hidden = cursor === null;
          show("failures", found.length === 0 ? "" : table([
            ["Key", "text", (f) => f.key + (f.isDeleteMarker ? " (delete marker)" : "")],
            ["Bucket", "text", (f) => f.bucket],
            ["To", "text", (f) => f.destinationBucket],
            ["Rule", "text", (f) => f.ruleId],
            ["What", "word", (f) => f.component],
            ["Reason", "text", (f) => node("span", { class: "bad" }, f.reason)],
            ["Since", "word", (f) => ago(f.since)],
          ], found, explain));
        }

        async function explain(failure) {
          shown = failure;
          const hide = () => { shown = null; show("explanation"); };
          const close = node("button", { class: "plain", onclick: hide }, "Close");
          const lines = [node("h3", {}, "s3://" + failure.bucket + "/" + failure.key)];
          const say = (kind, text) => lines.push(node("p", { class: kind }, text));
          try {
            const { bucket, key, versionId } = failure;
            const e = await ask("explain", { bucket, key, versionId });
            const latest = e.isLatest ? ", latest" : "";
            say("quiet", "version " + e.versionId + latest + " · " + (e.status || "not replicated"));
            for (const r of e.rules) {
              say("", r.ruleId + " → " + r.destinationBucket + ": " + r.decision + ". " + r.reason);
            }
            for (const d of e.deliveries) {
              const parts = ["data", "tags", "acl", "retention", "legalHold"].filter((part) => d[part] !== "NONE");
              say("", d.destinationBucket + ": " + (parts.map((part) => part + " " + d[part]).join(", ") || "nothing"));
              for (const f of d.failures) say("bad", f.component + " FAILED: " + f.reason);
              if (d.task && d.task.lastError) say("wait", "attempt " + d.task.attempts + ": " + d.task.lastError);
              if (d.lane && d.lane.lastError) say("wait", "lane " + d.lane.state + ": " + d.lane.lastError);
            }
          } catch (error) {
            say("bad", error.message);
          }
          if (shown === failure) {
            show("explanation", ...lines, close);
            at("explanation").scrollIntoView({ block: "nearest" });
          }
        }

        function job(j) {
          const total = j.totalTasks, done = j.succeededTasks + j.failedTasks;
          const kind = j.description ? j.operation + " · " : "";
          const parts = [
            node("p", {}, node("strong", {}, j.description || j.operation),
              node("span", { class: j.status === "Failed" ? "bad" : "" }, j.status)),
            node("p", { class: "quiet" }, node("span", {}, kind + j.id + " · priority " + j.priority),
              node("span", {}, "created " + ago(j.created))),
          ];
          const bar = node("progress", { max: String(Math.max(total, 1)), "aria-label": "progress of " + j.id });
          if (total > 0 || j.isEnded) bar.value = total > 0 ? done : j.status === "Complete" ? 1 : 0;
          const progress = node("span", {}, count(done) + " of " + count(total) + " tasks");
          parts.push(bar, node("p", { class: "quiet" }, progress,
            node("span", { class: j.failedTasks ? "bad" : "" }, count(j.failedTasks) + " failed")));
          for (const f of j.failureReasons) parts.push(node("p", { class: "bad" }, f.code + ": " + f.reason));
          const tasks = Object.entries(j.failedTasksByReason || {});
          const reasons = tasks.map(([name, n]) => name + " " + count(n)).join(", ");
          if (reasons) parts.push(node("p", { class: "bad" }, reasons));
          return node("div", { class: "job" }, ...parts);
        }

        async function showJobs() {
          const { jobs } = await ask("jobs", { limit: "20" });
          // How tasks failed is counted job by job.
          const detail = (j) => j.failedTasks ? ask("jobs/" + encodeURIComponent(j.id)).catch(() => j) : j;
          const detailed = await Promise.all(jobs.map(detail));
          show("jobs", ...(jobs.length ? detailed.map(job) : [none("No jobs.")]));
        }

        async function showEvents() {
          const { targets } = await ask("events");
          show("events", targets.length === 0 ? none("No event targets.") : table([
            ["Target", "text", (t) => t.target],
            ["Kind", "word", (t) => t.kind],
            ["State", "text", (t) => node("span", { class: t.state === "sending" ? "" : "bad" }, t.state)],
            ["Queued", "number", (t) => count(t.queued)],
            ["Dead", "number", (t) => node("span", { class: t.dead ? "bad" : "" }, count(t.dead))],
            ["Delivered", "number", (t) => count(t.delivered)],
            ["Last error", "text", (t) => t.lastError || "–"],
          ], targets));
        }

        function say(text, kind) {
          at("state").textContent = text;
          at("state").className = kind;
        }

        function login(message) {
          at("content").hidden = true;
          at("login").hidden = false;
          at("refusal").textContent = message;
          say("locked", "");
          at("token").focus();
        }

        async function refresh() {
          if (running) { again = true; return; }
          running = true;
          clearTimeout(timer);
          try {
            const overview = await ask("overview");
            at("login").hidden = true;
            at("content").hidden = false;
            showOverview(overview);
            await showFailures(overview);
            await Promise.all([showJobs(), showEvents()]);
            say("up, " + new Date().toLocaleTimeString(), "good");
          } catch (error) {
            if (error.status === 401) {
              store.removeItem("token");
              token = null;
              running = again = false;
              return login("The token is not the console's.");
            }
            say("no answer: " + error.message, "bad");
          }
          running = false;
          if (again) { again = false; return refresh(); }
          timer = setTimeout(() => {
            if (document.hidden) document.addEventListener("visibilitychange", refresh, { once: true });
            else refresh();
          }, everyMs);
        }

        at("login").addEventListener("submit", (event) => {
          event.preventDefault();
          token = at("token").value.trim();
          at("token").value = "";
          store.setItem("token", token);
          refresh();
        });
        at("more").addEventListener("click", () => { pages += 1; refresh(); });
        window.addEventListener("hashchange", () => {
          takeAddress();
          pages = 1;
          if (token !== null) refresh();
        });
        takeAddress();
        if (token === null) token = store.getItem("token");
        token === null ? login("") : refresh();
        """#
}
