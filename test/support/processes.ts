/** Processes: those that must not outlive this one, and whether one runs. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

const running = new Set<ChildProcess>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM')
})

/**
 * Sends SIGTERM to a child if this process exits first: after an uncaught error, or with `process.exit`, nothing is disposed
 * of. Returns the child.
 */
export function endWithProcess<Child extends ChildProcess>(child: Child): Child {
  running.add(child)
  return child.once('close', () => running.delete(child))
}

/** Whether a process with this id runs. One that has ended may keep its id for seconds, until it is reaped. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !isZombie(pid)
  } catch {
    return false
  }
}

/** Systems without /proc show none. */
function isZombie(pid: number): boolean {
  try {
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}
