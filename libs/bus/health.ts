/** Whether something works; the reason when it does not. */
export type Health = { ok: boolean; because?: string };

/** Health as the last attempt tells it. */
export function createHealth() {
  let trouble: string | undefined;
  return {
    works: () => {
      trouble = undefined;
    },
    fails: (error: unknown) => {
      trouble = error instanceof Error ? error.message : String(error);
    },
    now: (): Health => (trouble === undefined ? { ok: true } : { ok: false, because: trouble }),
  };
}
