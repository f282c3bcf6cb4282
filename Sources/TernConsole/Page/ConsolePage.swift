import Crypto
import FoundationEssentials

/// The page: one document with its style and its script in it, and nothing from elsewhere.
enum ConsolePage {
    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Tern console</title>
        <style>\(Self.style)</style>
        </head>
        \(Self.body)
        <script>\(Self.script)</script>
        </html>

        """

    /// Nothing is loaded, and nothing runs but this very script: not even what a key would smuggle into the page.
    static let contentSecurityPolicy = [
        "default-src 'none'",
        "script-src '\(Self.digest(Self.script))'",
        "style-src '\(Self.digest(Self.style))'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")

    private static func digest(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Array(text.utf8))).base64EncodedString()
    }

    private static let body = """
        <body>
        <header>
          <h1>Tern <span id="region"></span></h1>
          <p id="state" role="status">…</p>
        </header>
        <main>
          <form id="login" hidden>
            <h2>Token</h2>
            <p>The console needs its token. <code>tern dev</code> prints an address with it; <code>tern serve</code>
              has it in the file <code>console.token</code> of the data directory.</p>
            <label for="token">Token</label>
            <input id="token" type="password" autocomplete="off" spellcheck="false" required>
            <button>Open</button>
            <p id="refusal" class="bad"></p>
          </form>
          <div id="content" hidden>
            <section id="tiles" aria-label="Overview"></section>
            <section>
              <h2>Replication</h2>
              <div id="rules"></div>
            </section>
            <section id="failures-section">
              <h2>Failures</h2>
              <div id="reasons" class="chips"></div>
              <p id="filter" class="quiet"></p>
              <div id="failures"></div>
              <button id="more" class="plain" hidden>Look further</button>
              <div id="explanation"></div>
            </section>
            <section>
              <h2>Jobs</h2>
              <div id="jobs"></div>
            </section>
            <section>
              <h2>Event targets</h2>
              <div id="events"></div>
            </section>
          </div>
        </main>
        </body>
        """
}
