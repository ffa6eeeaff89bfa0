/** `node server --workers N` as real processes. */
import { expect } from 'vitest'
import { sayHello } from './calls.ts'
import { exchangeHttp1 } from './exchange.ts'
import type { LogLine } from './log-capture.ts'
import { ServerProcess } from './server-process.ts'

/** A started server. */
export interface WorkersProcess {
  readonly server: ServerProcess
  readonly port: number
  readonly origin: string
  /** The process ids of workers by their numbers, as their log lines say. */
  pids(): Map<number, number>
}

/** Starts it on a free port, and calls each worker once, as connections go to them in turn. */
export async function listenWithWorkers(
  count: number,
  args: readonly string[] = [],
  script?: string,
): Promise<WorkersProcess> {
  const started = await ServerProcess.listen(['--workers', String(count), ...args], {}, script)
  const pids = () => new Map(started.server.lines.filter(isOfWorker).map(({ worker, pid }) => [worker, Number(pid)]))
  for (let n = 0; n < count; n += 1) await callOnce(started.origin)
  await expect.poll(() => pids().size).toBe(count)
  return { ...started, pids }
}

/** Makes a call on a connection of its own. */
export async function callOnce(origin: string): Promise<void> {
  expect((await exchangeHttp1(origin, sayHello('connect'))).status).toBe(200)
}

/** The numbers of the workers that served calls, in their order. */
export function callsOf(server: ServerProcess): number[] {
  return server.lines
    .filter(isOfWorker)
    .filter(({ msg }) => msg === 'call')
    .map(({ worker }) => worker)
}

function isOfWorker(line: LogLine): line is LogLine & { worker: number } {
  return typeof line.worker === 'number'
}
