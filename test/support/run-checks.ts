/** Runs checks outside of the test runner: each is one line of a report. */

const DEFAULT_TIMEOUT_MS = 120_000
/** Longer than a server drains by default, so that what the checks used can be disposed of. */
const DEFAULT_EXIT_TIMEOUT_MS = 60_000

/** One thing that has to hold. */
export interface Check {
  /** What is checked: one line of the report. */
  readonly name: string
  /** Rejects, with what was observed, if it does not hold. */
  run(): Promise<void>
}

/** Time limits, so that a hang is a failure that has a name. */
export interface CheckLimits {
  /** How long one check may take, in milliseconds. One that takes longer fails. Default 120,000. */
  readonly timeoutMs?: number
  /** How long after the last check the process may take to exit, in milliseconds. Then it exits with 1. Default 60,000. */
  readonly exitTimeoutMs?: number
}

/** Runs all checks in order, and prints a summary. Sets the exit code to 1 if one fails. */
export async function runChecks(checks: readonly Check[], limits: CheckLimits = {}): Promise<void> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, exitTimeoutMs = DEFAULT_EXIT_TIMEOUT_MS } = limits
  let failed = 0
  for (const check of checks) {
    if (!(await passes(check, timeoutMs))) failed += 1
  }
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
  setTimeout(() => exitLate(exitTimeoutMs), exitTimeoutMs).unref()
}

async function passes(check: Check, timeoutMs: number): Promise<boolean> {
  try {
    await runInTime(check, timeoutMs)
    process.stdout.write(`ok      ${check.name}\n`)
    return true
  } catch (error) {
    process.stdout.write(`FAILED  ${check.name}\n${error instanceof Error ? error.message : error}\n`)
    return false
  }
}

async function runInTime(check: Check, timeoutMs: number): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`not finished after ${timeoutMs} ms`)), timeoutMs)
  try {
    await Promise.race([check.run(), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** A check that failed, or hangs, may have left a socket or a child open, which would keep this process running for ever. */
function exitLate(exitTimeoutMs: number): void {
  const open = process.getActiveResourcesInfo().join(', ')
  process.stdout.write(`FAILED  the process still runs ${exitTimeoutMs} ms after the last check: ${open}\n`)
  process.exit(1)
}
