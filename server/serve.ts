/** Runs a server as a process: options from the command line and the environment, signals, crashes and exit codes. */
import path from 'node:path'
import { inspect } from 'node:util'
import type { FastifyBaseLogger } from 'fastify'
import { version as ownVersion } from '../wire/version.ts'
import { factsOf } from './admin/server-facts.ts'
import { type App, type AppOptions, createApp } from './app.ts'
import { effectiveOptions } from './config/effective-config.ts'
import { helpText } from './config/help-text.ts'
import type { OptionValues } from './config/option-table.ts'
import type { OwnOptions, OwnValues } from './config/own-options.ts'
import { readOptions } from './config/read-options.ts'
import { type OwnedProcess, ownProcess } from './lifecycle/own-process.ts'
import { Releases } from './lifecycle/releases.ts'
import { normalizeTlsOptions } from './listen/tls/normalize-tls-options.ts'
import { readCertificates, type TlsPart } from './listen/tls/read-certificates.ts'
import { assertRoutes } from './plugin-options.ts'
import type { RegistrationOptions } from './registry/registration-options.ts'
import type { Middleware } from './rpc/middleware.ts'
import { serveLogger } from './serve-logger.ts'
import {
  appOptionsInCode,
  appOptionsOf,
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
import { showBanner } from './show-banner.ts'

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
  const { given } = result
  const values = result.values as OptionValues & OwnValues<Own>
  try {
    return await start(options, { values, given, own: pick(values, tables.own) as OwnValues<Own> })
  } catch (error) {
    if (!ownsProcess) throw error
    return answerInstead({ text: failureText(error), code: EXIT_FAILURE }, ownsProcess)
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

/** The options of a program, read. */
interface ReadServe<Own extends OwnOptions> extends ServeValues {
  readonly own: OwnValues<Own>
}

async function start<const Own extends OwnOptions>(
  options: ServeOptions<Own>,
  { values, given, own }: ReadServe<Own>,
): Promise<RunningServer<Own>> {
  const log = await serveLogger(options, { values, given })
  checkCertificates(values)
  const registration = await registrationsOf(options, values)
  const releases = new Releases()
  const context = { options: own, log, onClose: (release: () => void | Promise<void>) => releases.add(release) }
  const settings = { ...appOptionsOf(options, { values, given }), registration }
  const routes: AppOptions['routes'] = (router, { health }) => options.routes(router, { ...context, health })
  const telemetry = await telemetryOf(options, { values, given }, log)
  const app = await createMiddleware(options, context)
    .then((middleware) => createApp({ ...settings, middleware, telemetry, logger: log, routes }))
    .catch((error: unknown) => throwAfter(releases.run(), { error, log }))
  app.fastify.addHook('onClose', () => releases.run())
  describeProgram(app, options, { values, given })
  try {
    await options.setup?.(app.fastify, { ...context, health: app.health, onReload: app.onReload })
    if (options.ownsProcess !== false) ownProcess(app, log, processSettings(settings, values))
    const isWatched = isWatchedByPerson(options, values)
    const address = await listen(app, values, isWatched)
    if (isWatched) await showBanner({ ...app, options: { ...options, ...settings } })
    return { ...app, address, options: own, drain: (delayMs = values['drain-delay']) => app.drain(delayMs) }
  } catch (error) {
    return throwAfter(app.fastify.close(), { error, log })
  }
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

/** A failure to start that one sentence explains; all others are shown with their stack. */
class StartFailure extends Error {}

function failureText(error: unknown): string {
  if (error instanceof StartFailure) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error)
}

/** Whether the log goes to a terminal in lines for a person, and says that the server listens. */
function isWatchedByPerson({ logger, ownsProcess }: ServeSettings, values: OptionValues): boolean {
  const { 'log-format': format, 'log-level': level } = values
  const isShown = format !== 'json' && ['trace', 'debug', 'info'].includes(level)
  return isShown && (logger ?? true) === true && ownsProcess !== false && process.stdout.isTTY
}

/** @param hasBanner the banner shows the addresses, so that the log need not */
async function listen({ fastify }: App, { port, host }: OptionValues, hasBanner: boolean): Promise<string> {
  try {
    return await fastify.listen({ port, host, ...(hasBanner && { listenTextResolver: () => '' }) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const sentences: Readonly<Record<string, string>> = {
      EADDRINUSE: `${where} is in use: stop what listens there, or choose another port with --port`,
      EACCES: `${where} needs more privileges: choose a port above 1023 with --port`,
      EADDRNOTAVAIL: `${where} is not an address of this machine: choose another with --host`,
      ENOTFOUND: `${host} cannot be resolved: choose another name with --host`,
    }
    throw new StartFailure(sentences[code ?? ''] ?? message, { cause: error })
  }
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

/** Errors at start name the flag. */
async function registrationsOf(options: ServeSettings, values: OptionValues): Promise<readonly RegistrationOptions[]> {
  try {
    return await serveRegistrations(options, values)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new StartFailure(`--registry: ${error.message}`, { cause: error })
  }
}

function processSettings({ listen }: Pick<AppOptions, 'listen'>, values: OptionValues): OwnedProcess {
  return {
    drainDelayMs: values['drain-delay'],
    drainTimeoutMs: listen?.drainTimeoutMs ?? values['drain-timeout'],
  }
}

function flagOf(part: TlsPart): string {
  return part === 'passphrase' ? '--tls-passphrase-file' : `--tls-${part}`
}
