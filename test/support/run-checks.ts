/** Runs checks outside of the test runner: each is one line of a report. */

/** One thing that has to hold. */
export interface Check {
  /** What is checked: one line of the report. */
  readonly name: string
  /** Rejects, with what was observed, if it does not hold. */
  run(): Promise<void>
}

/** Runs all checks in order, and prints a summary. Sets the exit code to 1 if one fails. */
export async function runChecks(checks: readonly Check[]): Promise<void> {
  let failed = 0
  for (const check of checks) {
    if (!(await passes(check))) failed += 1
  }
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`)
  if (failed > 0) process.exitCode = 1
}

async function passes({ name, run }: Check): Promise<boolean> {
  try {
    await run()
    process.stdout.write(`ok      ${name}\n`)
    return true
  } catch (error) {
    process.stdout.write(`FAILED  ${name}\n${error instanceof Error ? error.message : error}\n`)
    return false
  }
}
