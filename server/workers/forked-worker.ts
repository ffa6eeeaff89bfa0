/** The processes of workers, as their primary starts them. */
import cluster, { type Worker } from 'node:cluster'
import type { Readable } from 'node:stream'
import { mergeLines } from './line-merger.ts'
import { batchOf, envelopeOf, type LinkTransport } from './link/link-queue.ts'
import { closeLostConnections } from './lost-connections.ts'

/** How long the last lines of a worker may take to be read. */
const LAST_LINES_MS = 500

/** Writes lines in the background. */
export interface LineOutput {
  write(lines: string): void
  /** Calls back when everything has been written, or has failed to be. */
  flush(done: () => void): void
}

/** The process of a worker. */
export interface ForkedWorker {
  /** The number of the worker, from 1. */
  readonly id: number
  readonly pid: number | undefined
  readonly transport: LinkTransport
  /** Passes on what the worker writes. */
  onBatch(receive: (batch: readonly Uint8Array[]) => void): void
  /** Calls back once the process has ended: with its exit code, or null and the signal that ended it or why there was no process. */
  onExit(ended: (code: number | null, reason: string | null) => void): void
  /** Ends the process immediately. */
  kill(): void
}

/** Connections go to the workers in turn. If the kernel chose by hash, a few long connections would often meet in one worker. */
export function setUpCluster(readsOutput: boolean): void {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({
    // JSON would fail for a bigint, and turn bytes into lists of numbers.
    serialization: 'advanced',
    stdio: ['inherit', readsOutput ? 'pipe' : 'inherit', 'inherit', 'ipc'],
  })
}

/** Starts a process with these variables besides those of the primary. What it writes goes to `output`. May throw. */
export function forkWorker(env: Readonly<Record<string, string>>, output: LineOutput | undefined): ForkedWorker {
  const worker = cluster.fork(env)
  // There is none if the process could not be started.
  const stdout: Readable | null | undefined = worker.process.stdout
  if (stdout && output !== undefined) mergeLines(stdout, (lines) => output.write(lines))
  worker.on('error', () => {})
  closeLostConnections(worker)
  worker.on('message', (message: unknown) => reportToWatcher(message))
  return {
    id: worker.id,
    pid: worker.process.pid,
    transport: { write: (batch, written) => send(worker, batch, written) },
    onBatch: (receive) =>
      void worker.on('message', (message: unknown) => {
        const batch = batchOf(message)
        if (batch !== undefined) receive(batch)
      }),
    onExit: (ended) => onceEnded(worker, (code, reason) => whenRead(stdout, () => ended(code, reason))),
    kill: () => void worker.process.kill('SIGKILL'),
  }
}

/** A process that could not be started, as there are too many of them, reports an error and has no id. */
function onceEnded(worker: Worker, ended: (code: number | null, reason: string | null) => void): void {
  worker.once('exit', ended)
  worker.process.once('error', ({ message }) => {
    if (worker.process.pid !== undefined) return
    worker.disconnect()
    ended(null, message)
  })
}

/** Calls back once the last lines of a process that has ended are read. Its children may keep the pipe open. */
function whenRead(stdout: Readable | null | undefined, done: () => void): void {
  if (!stdout || stdout.readableEnded) {
    done()
    return
  }
  const timer = setTimeout(finish, LAST_LINES_MS)
  stdout.once('end', finish)
  function finish(): void {
    clearTimeout(timer)
    stdout?.off('end', finish)
    done()
  }
}

function send(worker: Worker, batch: readonly Uint8Array[], written: () => void): void {
  if (worker.isConnected()) worker.process.send(envelopeOf(batch), undefined, undefined, written)
}

/** Under `node --watch`, the process that watches must know the files that only workers load. */
function reportToWatcher(message: unknown): void {
  const isReport = typeof message === 'object' && message !== null && Object.keys(message)[0]?.startsWith('watch:')
  if (isReport) process.send?.(message)
}
