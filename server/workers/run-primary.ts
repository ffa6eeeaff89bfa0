/** Runs the primary of a server with workers: it opens no port, and answers no call. */
import type { FastifyBaseLogger } from 'fastify'
import { exitProcess, type OwnedProcess, ownProcess } from '../lifecycle/own-process.ts'
import { Releases } from '../lifecycle/releases.ts'
import type { PrimaryLink } from './contracts/worker-link.ts'
import { forkWorker, type LineOutput, setUpCluster } from './forked-worker.ts'
import { PrimaryEnd } from './link/primary-end.ts'
import { WorkerSet, WorkerStartError } from './worker-set.ts'

const EXIT_FAILURE = 1

/** Any long interval keeps the process alive. */
const KEEP_ALIVE_MS = 2 ** 30

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
  setUpCluster(output !== undefined)
  const workers = new WorkerSet({
    count,
    links,
    log,
    fork: (port) => forkWorker({ [variable]: `${performance.timeOrigin} ${port ?? ''}` }, output),
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
