/** `missing`: no such object. `damaged`: not what was written, or written with another key. `too-large`: over the caller's limit. */
export type StorageProblem = "missing" | "damaged" | "too-large";

export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly problem: StorageProblem;
  constructor(problem: StorageProblem, because: string, options?: ErrorOptions) {
    super(because, options);
    this.problem = problem;
  }
}
