import { resolve } from "node:path";
import { prepareBinaries } from "./binaries.ts";
import { prepareCluster, readPassword, removeLeftovers } from "./cluster.ts";
import { ensureDatabase } from "./database.ts";
import { chooseHome } from "./home.ts";
import { stopOrphan } from "./orphan.ts";
import { takeOwnership } from "./ownership.ts";
import { type Exit, startServer } from "./server.ts";

export type EmbeddedPostgres = {
  /** `postgres://callbridge:<password>@127.0.0.1:<port>/callbridge`. The port is another one after each start. */
  url: string;
  /** Where cluster, password and log are: `postgres` in the data directory, or a place of its own (see `chooseHome`). */
  directory: string;
  /** Resolves when PostgreSQL has ended, however it did; before `stop()` was called that is a crash. Never rejects. */
  exited: Promise<Exit>;
  /** Ends PostgreSQL (clients are cut off, nothing committed is lost) and gives the data directory free. */
  stop(): Promise<void>;
};

/**
 * Starts the PostgreSQL of this data directory, creating it at the first start. One process may own a data directory;
 * a PostgreSQL that outlived its owner (`kill -9`) is ended first. Nothing here ends PostgreSQL with this process: the
 * caller drains, then calls `stop()`.
 *
 * @throws Error whose message says what to do: already running, platform without binaries, no usable user as root,
 * a directory that cannot be reached, or what PostgreSQL wrote before it gave up.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log?: (message: string) => void;
}): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const log = options.log ?? (() => {});

  const home = await chooseHome({ dataDir, log });
  const release = await takeOwnership({ home: home.directory, dataDir });
  try {
    const bin = await prepareBinaries({ home, log });
    await stopOrphan({ cluster: home.cluster, bin, log });
    await removeLeftovers(home, bin);
    await prepareCluster({ home, bin, log });
    const server = await startServer({ home, bin });
    try {
      const url = await ensureDatabase({ port: server.port, password: await readPassword(home) });
      log(`PostgreSQL runs in ${home.directory} on 127.0.0.1:${server.port} (pid ${server.pid})`);
      const end = async () => {
        await server.stop();
        await release();
      };
      let ending: Promise<void> | undefined;
      const stop = () => {
        ending ??= end();
        return ending;
      };
      return { url, directory: home.directory, exited: server.exited, stop };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await release();
    throw error;
  }
}
