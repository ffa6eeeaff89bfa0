/** Runs a server as a process: options from the command line and the environment, signals, crashes and exit codes. */
import path from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { version as ownVersion } from '../wire/version.ts'
import { factsOf } from './admin/server-facts.ts'
import { type App, type AppOptions, createApp } from './app.ts'
import { effectiveOptions } from './config/effective-config.ts'
import { helpText } from './config/help-text.ts'
import type { OptionValues } from './config/option-table.ts'
import type { OwnOptions, OwnValues } from './config/own-options.ts'
import { readOptions } from './config/read-options.ts'
import { ownProcess } from './lifecycle/own-process.ts'
import { Releases } from './lifecycle/releases.ts'
import { normalizeTlsOptions } from './listen/tls/normalize-tls-options.ts'
import { readCertificates, type TlsPart } from './listen/tls/read-certificates.ts'
import { openPort } from './open-port.ts'
import { assertRoutes } from './plugin-options.ts'
import type { Middleware } from './rpc/middleware.ts'
import { serveLogger } from './serve-logger.ts'
import {
  appOptionsInCode,
  appOptionsOf,
  drainTimesOf,
  programTitle,
  type ServeOptions,
  type ServeSettings,
  type ServeTables,
  type ServeValues,
  type StartContext,
  serveTables,
  tlsOptionsOf,
} from './serve-options.ts'
import { serveRegistrations } from './serve-registration.ts'
import { telemetryOf } from './serve-telemetry.ts'
import { enterRole, type ReadServe, type WorkerRole, withDividedMemory, withSharedTickets } from './serve-workers.ts'
import { failureText, StartFailure } from './start-failure.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

/** A server that listens. */
export interface RunningServer<Own extends OwnOptions = Record<never, never>> extends App {
  /** Where it listens: `http://127.0.0.1:8080`. */
  readonly address: string
  /** The values of the program's own options. */
  readonly options: OwnValues<Own>
  /** Drains as {@link App.drain} does, with the delay of `--drain-delay` by default. The process goes on. */
  drain(delayMs?: number): Promise<boolean>
}

/**
 * Starts a server: everything of `createApp`, with the flags and environment variables of docs/server/options.md, `--help`, a log,
 * and a drain on SIGTERM and SIGINT that ends the process.
 *
 *     await serve({ routes: (router) => router.service(ShopService, shop) })
 *
 * @returns the server, once it listens. With wrong flags or after a failure to start the process ends
 * @throws RangeError for options in code that are not valid
 */
export async function serve<const Own extends OwnOptions = Record<never, never>>(
  options: ServeOptions<Own>,
): Promise<RunningServer<Own>> {
  const tables = serveTables(options)
  assertRoutes('serve', options.routes)
  const { argv = process.argv.slice(2), env = process.env, ownsProcess = true } = options
  const hasOwnTls = options.listen?.tls !== undefined
  const result = readOptions({ ...tables.own, ...tables.server }, { argv, env, hasOwnTls })
  if (result.kind !== 'values') return answerInstead(textFor(result, tables, options), ownsProcess)
  const values = result.values as OptionValues & OwnValues<Own>
  const read = { values, given: result.given, own: pick(values, tables.own) as OwnValues<Own> }
  let worker: WorkerRole | undefined
  try {
    worker = await enterRole(options, read)
    return await start(options, read, worker)
  } catch (error) {
    if (!ownsProcess) throw error
    const answer = { text: failureText(error), code: EXIT_FAILURE }
    return worker === undefined ? answerInstead(answer, ownsProcess) : worker.process.fail(answer)
  }
}

/** What is printed in place of a server. */
interface Answer {
  readonly text: string
  readonly code: number
}

type NoServer = Exclude<ReturnType<typeof readOptions>, { kind: 'values' }>

function textFor(result: NoServer, { own, server }: ServeTables, settings: ServeSettings): Answer {
  if (result.kind === 'faults') return { text: `${result.faults.join('\n')}\nTry --help.`, code: EXIT_USAGE }
  if (result.kind === 'version') return { text: settings.version ?? ownVersion, code: 0 }
  return {
    text: helpText({ command: `node ${programName()}`, title: programTitle(settings), own, table: server }),
    code: 0,
  }
}

/** The script as it was started; an index file goes by the name of its folder. */
function programName(): string {
  const script = path.relative('', process.argv[1] ?? '').replace(/[/\\]index\.[cm]?[jt]s$/, '')
  return script === '' ? '.' : script
}

/** Prints a text and ends the process, so it does not return; throws it if the process is not ours. */
async function answerInstead({ text, code }: Answer, ownsProcess: boolean): Promise<never> {
  if (!ownsProcess) throw new RangeError(`serve: ${text}`)
  const stream = code === 0 ? process.stdout : process.stderr
  return new Promise<never>(() => stream.write(`${text}\n`, () => process.exit(code)))
}

function pick(values: Readonly<Record<string, unknown>>, names: object): Readonly<Record<string, unknown>> {
  return Object.freeze(Object.fromEntries(Object.keys(names).map((name) => [name, values[name]])))
}

async function start<const Own extends OwnOptions>(
  options: ServeOptions<Own>,
  { values, given, own }: ReadServe<Own>,
  worker: WorkerRole | undefined,
): Promise<RunningServer<Own>> {
  const log = await processLogger(options, { values, given }, worker)
  checkCertificates(values)
  const registration = await serveRegistrations(options, values, worker?.process.link)
  const releases = new Releases()
  const onClose = (release: () => void | Promise<void>) => releases.add(release)
  const context = { options: own, log, worker: worker?.process.link, onClose }
  const settings = {
    ...withDividedMemory(await withSharedTickets(appOptionsOf(options, { values, given }), worker), worker),
    registration,
  }
  const routes: AppOptions['routes'] = (router, { health }) => options.routes(router, { ...context, health })
  const telemetry = await telemetryOf(options, { values, given }, log)
  const app = await createMiddleware(options, context)
    .then((middleware) => createApp({ ...settings, middleware, telemetry, logger: log, routes }))
    .catch((error: unknown) => throwAfter(releases.run(), { error, log }))
  app.fastify.addHook('onClose', () => releases.run())
  describeProgram(app, options, { values, given })
  try {
    await options.setup?.(app.fastify, { ...context, health: app.health, onReload: app.onReload })
    const owned = drainTimesOf(values)
    if (worker !== undefined) worker.process.own(app, log, owned)
    else if (options.ownsProcess !== false) ownProcess(app, log, owned)
    const address = await openPort(app, { settings: { ...options, ...settings }, values, worker })
    return { ...app, address, options: own, drain: (delayMs = values['drain-delay']) => app.drain(delayMs) }
  } catch (error) {
    return throwAfter(app.fastify.close(), { error, log })
  }
}

/** The log of this process: each line of a worker says which one wrote it. */
async function processLogger<Own extends OwnOptions>(
  options: ServeOptions<Own>,
  read: ServeValues,
  worker: WorkerRole | undefined,
): Promise<FastifyBaseLogger> {
  const log = await serveLogger(options, read)
  return worker === undefined ? log : log.child({ worker: worker.process.id })
}

/** Tells the admin service what runs, and with which options. */
function describeProgram<Own extends OwnOptions>(
  { fastify }: App,
  options: ServeOptions<Own>,
  { values, given }: ServeValues,
): void {
  const facts = factsOf(fastify)
  facts.name = options.name ?? ''
  facts.version = options.version ?? ''
  facts.config = () => {
    const { own, server } = serveTables(options)
    return effectiveOptions({ table: { ...own, ...server }, values, given, code: appOptionsInCode(options) })
  }
}

async function createMiddleware<Own extends OwnOptions>(
  { middleware = [] }: ServeOptions<Own>,
  context: StartContext<Own>,
): Promise<readonly Middleware[]> {
  return typeof middleware === 'function' ? middleware(context) : middleware
}

/** Throws `error` after everything is released. A failed release is logged, and does not replace `error`. */
async function throwAfter(
  released: Promise<unknown>,
  { error, log }: { readonly error: unknown; readonly log: FastifyBaseLogger },
): Promise<never> {
  await released.catch((failure: unknown) => log.error({ err: failure }, 'release failed after a failed start'))
  throw error
}

/** The port reads the files itself; errors at start name them by their flags. */
function checkCertificates(values: OptionValues): void {
  const tls = tlsOptionsOf(values)
  if (tls === undefined) return
  try {
    readCertificates(normalizeTlsOptions(tls).resolved, flagOf)
  } catch (error) {
    throw new StartFailure((error as Error).message, { cause: error })
  }
}

function flagOf(part: TlsPart): string {
  return part === 'passphrase' ? '--tls-passphrase-file' : `--tls-${part}`
}
