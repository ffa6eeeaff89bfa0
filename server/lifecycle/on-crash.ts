/** Ends a process in which something threw and nothing caught it: from then on its state is not to be trusted. */

/** What happens at a crash. */
export interface CrashActions {
  /** Reports an error; called for each one that nothing caught. */
  log(error: unknown): void
  /** Ends politely what can be ended. Called once. */
  drain(): Promise<unknown>
  /** Ends the process, with its failure. Called once: behind the drain, or when its time is up. */
  exit(): void
  /** How long the drain may take, in milliseconds. */
  readonly timeoutMs: number
}

/**
 * Listens for exceptions and rejections that nothing catches, for as long as the process lives. One that comes during the
 * drain is logged, and changes nothing.
 */
export function onCrash(actions: CrashActions): void {
  let isCrashing = false
  const onError = (error: unknown) => {
    report(actions, error)
    if (isCrashing) return
    isCrashing = true
    const timer = setTimeout(end, actions.timeoutMs)
    function end(): void {
      clearTimeout(timer)
      actions.exit()
    }
    settled(actions.drain).then(end, end)
  }
  process.on('uncaughtException', onError).on('unhandledRejection', onError)
}

/** What throws in here would end the process at once. */
function report(actions: CrashActions, error: unknown): void {
  try {
    actions.log(error)
  } catch {
    // A logger that fails must not keep the drain from running.
  }
}

async function settled(drain: () => Promise<unknown>): Promise<void> {
  await drain()
}
