/** Starts foreign daemons. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from '../../support/command.ts'
import { accepts } from '../../support/ports.ts'
import { endWithProcess } from '../../support/processes.ts'

const PATIENCE_MS = 10_000

/**
 * Starts a daemon in the foreground and waits until it accepts connections at each place. Disposing of it stops it.
 *
 * @param places paths of Unix sockets, which need no free port, or ports
 * @throws Error with what it wrote when it ends, or accepts nothing within ten seconds
 */
export async function startDaemon(
  { program, args }: Command,
  places: readonly (string | number)[],
): Promise<AsyncDisposable> {
  const child = endWithProcess(spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] }))
  const ended = Promise.all([once(child, 'close'), text(child.stderr)])
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  const giveUpAt = performance.now() + PATIENCE_MS
  for (const place of places) {
    while (!(await accepts(place))) {
      if (child.exitCode === null && performance.now() < giveUpAt) {
        await sleep(20)
        continue
      }
      child.kill('SIGTERM')
      throw new Error(`${program} does not listen at ${place}\n${(await ended)[1]}`)
    }
  }
  return { [Symbol.asyncDispose]: stop }
}
