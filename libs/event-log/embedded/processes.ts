import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "./account.ts";
import { errorCode, readIfPresent } from "./files.ts";

/** How often conditions are looked at that nothing reports: often enough not to be felt in a start of 0.3 s. */
const pollMs = 15;

/** Limit for `ps` and its like, which answer within milliseconds (PowerShell: within a second or two). */
const inquiryTimeoutMs = 10_000;

/**
 * The environment of every program that is started here: fixed language for the messages that are read back, and none of
 * our secrets or the operator's PG* variables. (On Windows, Node adds the variables without which nothing starts.)
 */
export const cleanEnvironment = { LC_ALL: "C", TZ: "UTC" };

/** Runs a program to its end in its own process group, so that Ctrl+C in the terminal does not cut it in half. */
export function runToEnd(
  command: string,
  args: string[],
  options: { cwd?: string; account?: Account; timeoutMs?: number } = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? "/",
      env: cleanEnvironment,
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs ?? inquiryTimeoutMs,
      windowsHide: true,
      ...(options.account && { uid: options.account.uid, gid: options.account.gid }),
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

/** The end of a program's output, on one line: what it said before it gave up. */
export function lastLines(output: string): string {
  return output.trim().split("\n").slice(-6).join(" | ");
}

/** A program that the system refused to start: of another C library (Alpine), on a noexec disk, a user not allowed. */
export function cannotRun(program: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `${program} cannot be started on this machine (${reason}). Set DATABASE_URL to a PostgreSQL of your own.`,
    { cause },
  );
}

/** Waits for a condition; false when the limit passed first. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await delay(pollMs);
  }
  return true;
}

/** Whether a process with this id runs; one that ended and was not yet collected by its parent does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
  return linuxStatus(pid)?.state !== "Z";
}

/** When the process started, in the system's own words: tells it from a later process with the same id. */
export async function startMark(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") return linuxStatus(pid)?.started;
  if (process.platform === "win32") return undefined;
  return (await runToEnd("/bin/ps", ["-o", "lstart=", "-p", String(pid)])).output.trim() || undefined;
}

/** The program and its arguments, separated by spaces; `undefined` when the system does not tell. */
export async function commandLine(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") return (await readIfPresent(`/proc/${pid}/cmdline`))?.replaceAll("\0", " ");
  const { output } =
    process.platform === "win32"
      ? await runToEnd("powershell.exe", [
          "-NoProfile",
          "-Command",
          `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`,
        ])
      : await runToEnd("/bin/ps", ["-ww", "-o", "command=", "-p", String(pid)]);
  return output.trim() || undefined;
}

/** proc(5): the name in field 2 may hold spaces and brackets, so fields are counted from the last bracket. */
function linuxStatus(pid: number): { state: string | undefined; started: string | undefined } | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined; // gone, or hidden by the hidepid mount option: the caller falls back on the signal's answer
  }
}
