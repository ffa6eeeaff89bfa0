/** Decides which process of a server this is: its only one, the primary, or one of the workers. */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { startChannelzIds } from '../wire/channelz/channelz-id.ts'
import type { AppOptions } from './app.ts'
import type { OptionValues } from './config/option-table.ts'
import type { OwnOptions, OwnValues } from './config/own-options.ts'
import { TICKET_KEYS_LENGTH } from './listen/tls/normalize-tls-options.ts'
import { serveLogger } from './serve-logger.ts'
import { drainTimesOf, type ServeOptions, type ServeValues } from './serve-options.ts'
import { registerByPrimary } from './serve-registration.ts'
import { StartFailure } from './start-failure.ts'
import { loadPino } from './telemetry/load-pino.ts'
import { openStdout } from './telemetry/logger.ts'
import { becomeWorker } from './workers/contracts/this-worker.ts'
import type { PrimaryLink } from './workers/contracts/worker-link.ts'
import type { WorkerProcess } from './workers/worker-process.ts'

/** Marks a process as a worker. It has the time origin of the primary, and a port if that is fixed. */
const WORKER_VARIABLE = 'NODE_PORTICO_WORKER'

/** The channel of a link for the keys of TLS session tickets. */
const TICKET_KEYS_CHANNEL = 'portico.ticket-keys'

/** The smallest value of `--process-buffer`. */
const MIN_BUFFER_BYTES = 65_536

const STDOUT = 1

/** The options of a program, read. */
export interface ReadServe<Own extends OwnOptions> extends ServeValues {
  readonly own: OwnValues<Own>
}

/** This process, if it is a worker. */
export interface WorkerRole {
  readonly process: WorkerProcess
  /** How many workers run. */
  readonly count: number
  /** When the primary started, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** The port to listen on instead of the one of the options. */
  readonly port: number | undefined
}

let hasRole = false

/**
 * Returns the role of a worker, or undefined in a server of one process. Does not return in a primary, which starts the workers and
 * ends with them.
 */
export async function enterRole<Own extends OwnOptions>(
  options: ServeOptions<Own>,
  read: ReadServe<Own>,
): Promise<WorkerRole | undefined> {
  const mark = await takeMark()
  const count = workerCount(read.values)
  if (mark === undefined && count === 1) return undefined
  if (options.ownsProcess === false) throw new RangeError('serve: workers need ownsProcess, which is false')
  if (hasRole) throw new StartFailure('a program with workers can call serve only once: use --workers 1')
  hasRole = true
  if (mark === undefined) return enterPrimary(options, read)
  const { WorkerProcess } = await import('./workers/worker-process.ts')
  const [startedAtMs, port = ''] = mark.split(' ')
  const worker = new WorkerProcess()
  becomeWorker(worker.link)
  startChannelzIds(worker.id)
  return {
    process: worker,
    count,
    startedAtMs: Number(startedAtMs),
    port: port === '' ? undefined : Number(port),
  }
}

/** Removes the mark of a worker, as programs that it starts are no workers. Those that it has started before have the mark too. */
async function takeMark(): Promise<string | undefined> {
  const mark = process.env[WORKER_VARIABLE]
  if (mark === undefined) return undefined
  delete process.env[WORKER_VARIABLE]
  return (await import('node:cluster')).default.isWorker ? mark : undefined
}

/** How many processes answer calls. */
function workerCount({ workers }: OptionValues): number {
  return workers === 'auto' ? availableParallelism() : workers
}

async function enterPrimary<Own extends OwnOptions>(options: ServeOptions<Own>, read: ReadServe<Own>): Promise<never> {
  const { own, values } = read
  const count = workerCount(values)
  if (process.argv[1] === undefined) throw new StartFailure('workers need a program in a file: use --workers 1')
  if ((await import('node:cluster')).default.isWorker) {
    throw new StartFailure('this process is a worker of another program already: use --workers 1')
  }
  const { runPrimary } = await import('./workers/run-primary.ts')
  const { mayTearLines } = await import('./workers/line-merger.ts')
  const output = mayTearLines(STDOUT) ? openStdout(await loadPino(), false) : undefined
  const log = await serveLogger(options, read, output)
  const { serveSharedParts } = await import('./serve-shared-parts.ts')
  return runPrimary({
    count,
    log,
    variable: WORKER_VARIABLE,
    output,
    ...drainTimesOf(values),
    async prepare(link, onClose) {
      serveSharedParts(link, count)
      serveTicketKeys(link)
      onClose(await registerByPrimary(link, { settings: options, values, log }))
      await options.primary?.(link, { options: own, log, onClose })
    },
  })
}

/** Gives each worker its part of the memory that the options allow for the machine. */
export function withDividedMemory<Settings extends Pick<AppOptions, 'listen'>>(
  settings: Settings,
  worker: WorkerRole | undefined,
): Settings {
  const { http2 } = settings.listen ?? {}
  if (worker === undefined || http2?.processBufferBytes === undefined) return settings
  const processBufferBytes = Math.max(MIN_BUFFER_BYTES, Math.floor(http2.processBufferBytes / worker.count))
  return { ...settings, listen: { ...settings.listen, http2: { ...http2, processBufferBytes } } }
}

/** Gives all workers the same keys of TLS session tickets, so that clients resume their sessions with any of them. */
export async function withSharedTickets<Settings extends Pick<AppOptions, 'listen'>>(
  settings: Settings,
  worker: WorkerRole | undefined,
): Promise<Settings> {
  const { tls } = settings.listen ?? {}
  if (worker === undefined || tls === undefined) return settings
  const { link } = worker.process
  const ticketKeys = tls.ticketKeys ?? Buffer.from((await link.request(TICKET_KEYS_CHANNEL, null)) as Uint8Array)
  return { ...settings, listen: { ...settings.listen, tls: { ...tls, ticketKeys } } }
}

function serveTicketKeys(link: PrimaryLink): void {
  const ticketKeys = randomBytes(TICKET_KEYS_LENGTH)
  link.onRequest(TICKET_KEYS_CHANNEL, () => ticketKeys)
}
