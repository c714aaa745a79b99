import pg from "pg";

const reconnectMs = 1_000;

export type Listener = { close: () => Promise<void> };

/**
 * Calls `wake` when something was appended, and once after every (re)connection, because notifications that came while
 * disconnected are lost. A hint only: readers always ask the log what is new.
 */
export function listen(url: string, wake: () => void): Listener {
  let closed = false;
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };

  async function connect(): Promise<void> {
    const current = new pg.Client({ connectionString: url, application_name: "callbridge-listen", keepAlive: true });
    client = current;
    let lost = false;
    const again = () => {
      if (lost || closed) return;
      lost = true;
      timer = setTimeout(() => void connect(), reconnectMs);
      current.end().catch(() => undefined);
    };
    current.on("error", again);
    current.on("end", again);
    current.on("notification", wake);
    try {
      await current.connect();
      await current.query("listen callbridge");
      wake();
    } catch {
      again();
    }
  }
}
