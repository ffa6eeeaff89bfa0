import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { runCommand, runFailingCommand } from '../../support/command.ts'
import { isRunning } from '../../support/processes.ts'

const SUPPORT = new URL('../../support/', import.meta.url)

const FAST = "{ name: 'a fast one', run: async () => {} }"
const HUNG = "{ name: 'a hung one', run: () => new Promise(() => {}) }"

/** A program that runs checks with short limits, after what it starts. */
function programOf(checks: readonly string[], start = ''): { program: string; args: readonly string[] } {
  const source = `
    import { runChecks } from '${new URL('run-checks.ts', SUPPORT)}'
    import { startProgram } from '${new URL('command.ts', SUPPORT)}'
    ${start}
    await runChecks([${checks}], { timeoutMs: 50, exitTimeoutMs: 50 })`
  return { program: process.execPath, args: ['--input-type=module', '--eval', source] }
}

/** Waits until a process has exited, for ten seconds at most. */
async function untilGone(pid: number): Promise<void> {
  const limit = AbortSignal.timeout(10_000)
  while (isRunning(pid)) {
    limit.throwIfAborted()
    await sleep(20)
  }
}

it('checks that pass end the process with 0', async () => {
  expect(await runCommand(programOf([FAST]))).toBe('ok      a fast one\n1 passed, 0 failed\n')
})

it('a check that hangs fails by its name, and the next one runs', async () => {
  const output = await runFailingCommand(programOf([HUNG, FAST]))
  expect(output).toContain('FAILED  a hung one\nnot finished after 50 ms\nok      a fast one\n1 passed, 1 failed\n')
  expect(output).toContain('ended with 1')
})

it('what a check leaves open does not keep the process running, and a child does not outlive it', async () => {
  const child = "process.stdout.write(process.pid + ' runs\\\\n'); setInterval(() => {}, 1_000)"
  const start = `
    const child = { program: process.execPath, args: ['--eval', "${child}"] }
    process.stdout.write('child ' + (await startProgram(child, /(\\d+) runs/)).found + '\\n')`
  const output = await runFailingCommand(programOf([FAST], start))
  expect(output).toMatch(
    /1 passed, 0 failed\nFAILED {2}the process still runs 50 ms after the last check: .*ProcessWrap/,
  )
  await untilGone(Number(/child (\d+)/.exec(output)?.[1]))
})
