/** A program of a test as a process of its own, which says how much memory it has taken. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'

/** What a program has held. */
export interface MemoryPeak {
  /** The most that the process has ever taken, in octets. */
  readonly peakBytes: number
  /** What the books say is held now. */
  readonly heldBytes: number
}

/** A program that runs. */
export interface PeakProcess<S> {
  /** Its first message. */
  readonly started: S
  /** What it has taken before the test began with it. */
  readonly idle: MemoryPeak
  measure(): Promise<MemoryPeak>
  /** Sends it a message; settles with its answer. */
  ask(question: object): Promise<unknown>
}

/** Starts a program of this folder. It is killed when the running test ends. */
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
