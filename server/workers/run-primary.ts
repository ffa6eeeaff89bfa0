/** Runs the primary of a server with workers: it opens no port, and answers no call. */
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { FastifyBaseLogger } from 'fastify'
import { exitProcess, type OwnedProcess, ownProcess } from '../lifecycle/own-process.ts'
import { Releases } from '../lifecycle/releases.ts'
import type { PrimaryLink } from './contracts/worker-link.ts'
import { mergeLines } from './line-merger.ts'
import { batchOf, envelopeOf } from './link/link-queue.ts'
import { PrimaryEnd } from './link/primary-end.ts'
import { closeLostConnections } from './lost-connections.ts'
import { TO_PRIMARY } from './process-messages.ts'
import { type ForkedWorker, WorkerSet, WorkerStartError } from './worker-set.ts'

const EXIT_FAILURE = 1

/** Any long interval keeps the process alive. */
const KEEP_ALIVE_MS = 2 ** 30

/** How long the last lines of a worker may take to be read. */
const LAST_LINES_MS = 500

/** The keys of Node's TLS: a name, a key for the MAC, a key for the cipher. */
const TICKET_KEYS_LENGTH = 48

/** Writes lines in the background. */
export interface LineOutput {
  write(lines: string): void
  /** Calls back when everything has been written, or has failed to be. */
  flush(done: () => void): void
}

/** The options of a primary. */
export interface PrimaryOptions extends OwnedProcess {
  /** How many workers to run. */
  readonly count: number
  readonly log: FastifyBaseLogger
  /** The environment variable that marks a worker. Its value is the time origin of the primary, and a port if that is fixed. */
  readonly variable: string
  /** Takes all that the workers write to standard output, in whole lines. Undefined: they write there themselves. */
  readonly output: LineOutput | undefined
  /** Prepares what runs in the primary, before the first worker starts. `onClose` adds what to release after the last one has ended. */
  prepare(link: PrimaryLink, onClose: (release: () => void | Promise<void>) => void): void | Promise<void>
}

/** Starts the workers, and ends the process when they have ended. Never returns: a failure to start ends the process too. */
export async function runPrimary({
  count,
  log,
  variable,
  output,
  prepare,
  ...drainTimes
}: PrimaryOptions): Promise<never> {
  const links = new PrimaryEnd()
  const releases = new Releases()
  const ticketKeys = randomBytes(TICKET_KEYS_LENGTH)
  links.onRequest(TO_PRIMARY.ticketKeys, () => ticketKeys)
  setUpCluster(output !== undefined)
  const workers = new WorkerSet({
    count,
    links,
    log,
    fork: (port) => fork({ [variable]: `${performance.timeOrigin} ${port ?? ''}` }, output),
    onHopeless: () => void giveUp(),
  })
  process.once('exit', () => workers.kill())
  const server = {
    async drain(delayMs = 0) {
      const isClean = await workers.drain(delayMs, drainTimes.drainTimeoutMs)
      await releases.run()
      if (output !== undefined) await new Promise<void>((resolve) => output.flush(resolve))
      return isClean
    },
    reload: () => workers.reload(),
  }
  const giveUp = async () => {
    await server.drain().catch((error: unknown) => log.error({ err: error }, 'the drain failed'))
    exitProcess(log, () => EXIT_FAILURE)
  }
  await prepare(links, (release) => releases.add(release))
  ownProcess(server, log, drainTimes)
  // Also while no worker runs, before a new one is started.
  setInterval(() => {}, KEEP_ALIVE_MS)
  const ended = new Promise<never>(() => {})
  try {
    const { lines, banner } = await workers.start()
    if (banner === undefined) for (const line of lines) log.info({ workers: count }, line)
    else process.stdout.write(banner)
  } catch (error) {
    if (workers.isEnding) return ended
    if (!(error instanceof WorkerStartError)) throw error
    workers.kill()
    process.stderr.write(`${error.message}\n`)
    // Others may have served already, so that the server is registered.
    await server.drain().catch((failure: unknown) => log.error({ err: failure }, 'release failed after a failed start'))
    exitProcess(log, () => error.code)
  }
  return ended
}

/** Connections go to the workers in turn. If the kernel chose by hash, a few long connections would often meet in one worker. */
function setUpCluster(readsOutput: boolean): void {
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({
    // JSON would fail for a bigint, and turn bytes into lists of numbers.
    serialization: 'advanced',
    stdio: ['inherit', readsOutput ? 'pipe' : 'inherit', 'inherit', 'ipc'],
  })
}

function fork(env: Readonly<Record<string, string>>, output: LineOutput | undefined): ForkedWorker {
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
