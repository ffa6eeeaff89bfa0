/** A test program in a child process that reports its memory use. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** The memory of a program. */
export interface MemoryPeak {
  /** The peak memory of the process, in bytes. */
  readonly peakBytes: number
  /** Bytes held now, according to its own accounting. */
  readonly heldBytes: number
}

/** A running program. */
export interface PeakProcess<S> {
  /** Its first message. */
  readonly started: S
  /** Its memory before the test. */
  readonly idle: MemoryPeak
  measure(): Promise<MemoryPeak>
  /** Sends it a message; settles with its reply. */
  ask(question: object): Promise<unknown>
}

/** Starts a program of this directory. It is killed when the running test ends. */
export async function startPeakProcess<S>(name: string, args: readonly string[]): Promise<PeakProcess<S>> {
  const child = fork(path.join(import.meta.dirname, name), args)
  onTestFinished(async () => {
    if (child.exitCode !== null || !child.kill('SIGKILL')) return
    await once(child, 'exit')
  })
  const next = async (): Promise<unknown> => {
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit').then(failed)])
    return message
  }
  const ask = (question: object | string): Promise<unknown> => {
    child.send(question)
    return next()
  }
  const measure = async () => (await ask('measure')) as MemoryPeak
  const started = (await next()) as S
  return { started, idle: await measure(), measure, ask }
}

function failed([code]: unknown[]): never {
  throw new Error(`the program ended with ${String(code)}`)
}
