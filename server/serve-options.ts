/** The options of `serve`, and how they combine with the command line and the environment. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { COMPRESSIONS } from '../wire/compression/compression-choice.ts'
import { checkOptions, type OptionShape } from '../wire/options/check-options.ts'
import { APP_SHAPE, type AppOptions } from './app.ts'
import type { Option, OptionTable } from './config/option.ts'
import { setPath, valueAt } from './config/option-paths.ts'
import { type OptionName, type OptionValues, optionNames, optionTable } from './config/option-table.ts'
import {
  type OwnOptions,
  type OwnValues,
  ownOptionTable,
  type ServerDefaults,
  withDefaults,
} from './config/own-options.ts'
import type { ConsoleOptions } from './console/console-options.ts'
import type { AppLogger } from './create-fastify.ts'
import type { OwnedProcess } from './lifecycle/own-process.ts'
import type { Reload } from './lifecycle/reloads.ts'
import type { TlsOptions } from './listen/tls/tls-options.ts'
import type { OpenApiRouteOptions } from './openapi/serve/route-options.ts'
import { withSwitches } from './plugin-options.ts'
import type { Middleware } from './rpc/middleware.ts'
import type { PorticoRouter } from './rpc/service-options.ts'
import type { HealthStatus } from './services/health/health-status.ts'
import type { PrimaryLink, WorkerLink } from './workers/contracts/worker-link.ts'

/** What `routes` and `setup` are given besides their first argument. */
export interface ServeContext<Own extends OwnOptions> {
  /** The values of the program's own options. */
  readonly options: OwnValues<Own>
  /** The log of the server. */
  readonly log: FastifyBaseLogger
  /** The link to the primary if this process is a worker. Undefined without workers. */
  readonly worker?: WorkerLink | undefined
  /** Releases something once the server has closed and its calls are over: `onClose(() => pool.end())`. */
  onClose(release: () => void | Promise<void>): void
  /** The health of the services: add checks of what they need. */
  readonly health: HealthStatus
}

/** What `setup` is given besides Fastify. */
export interface SetupContext<Own extends OwnOptions> extends ServeContext<Own> {
  /** Adds something to read again on SIGHUP, as `onReload` of `createApp` does. */
  onReload(name: string, reload: Reload): () => void
}

/** What `middleware` is given: there is no health yet. */
export type StartContext<Own extends OwnOptions> = Omit<ServeContext<Own>, 'health'>

/** What `primary` is given besides the link to the workers. */
export interface PrimaryContext<Own extends OwnOptions> extends Pick<ServeContext<Own>, 'options' | 'log'> {
  /** Releases something after the last worker has ended. */
  onClose(release: () => void | Promise<void>): void
}

type MaybePromise<T> = T | Promise<T>

/** The options of `serve` that do not depend on the program's own options. */
export interface ServeSettings extends Omit<AppOptions, 'routes' | 'logger' | 'middleware'> {
  /** The name of the program: in `--help` and in log lines. Default: none. */
  readonly name?: string
  /** The version of the program, which `--version` prints. Default: that of Portico. */
  readonly version?: string
  /** How the environment variables begin of own options without `env`. Default: `PORTICO_`. */
  readonly envPrefix?: string
  /** Values for options of the server in place of their defaults: `{ port: 9000, 'drain-delay': '5s' }`. Default: none. */
  readonly defaults?: ServerDefaults
  /**
   * How many processes answer calls on the port, from 1 to 256, or `auto` for one per core: see docs/server/workers.md. With more than
   * one, `routes`, `middleware`, `setup` and what follows `await serve(...)` run in each worker. Default: 1, this process.
   */
  readonly workers?: number | 'auto'
  /** As in `createApp`. Default: standard output, as `--log-level` and `--log-format` say. */
  readonly logger?: AppLogger
  /** The arguments to read. Default: `process.argv` without the program. */
  readonly argv?: readonly string[]
  /** The environment variables to read. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv
  /**
   * Whether to end the process after a drain, a crash or a failure to start, and to handle its signals. If false, failures are
   * thrown, and the program calls `drain` itself: for tests. Default: true.
   */
  readonly ownsProcess?: boolean
}

/**
 * What `serve` takes: options of its own and those of `createApp`. Command line and environment come before options in code, and
 * these before `defaults`.
 */
export interface ServeOptions<Own extends OwnOptions> extends ServeSettings {
  /** Registers services, as with any Connect router. It may be async, to open what the services need. */
  readonly routes: (router: PorticoRouter, context: ServeContext<Own>) => void
  /** As in `createApp`, or a function that creates it from the program's own options. It may be async. Default: none. */
  readonly middleware?: readonly Middleware[] | ((context: StartContext<Own>) => MaybePromise<readonly Middleware[]>)
  /** Adds ordinary routes and plugins to Fastify, before the port opens. It may be async. Default: none. */
  readonly setup?: (fastify: FastifyInstance, context: SetupContext<Own>) => void
  /** Runs in the primary before the first worker starts, if there are workers. It may be async. Default: none. */
  readonly primary?: (link: PrimaryLink, context: PrimaryContext<Own>) => MaybePromise<void>
  /** Options of the program, besides those of the server. Default: none. */
  readonly options?: Own
}

/** The name of a program and its version, if it has one: `shop 1.0.0`. Undefined without a name. */
export function programTitle({ name, version }: ServeSettings): string | undefined {
  return name === undefined || version === undefined ? name : `${name} ${version}`
}

const SERVE_KINDS: OptionShape['kinds'] = {
  middleware: ['array', 'function'],
  setup: ['function'],
  primary: ['function'],
  workers: ['number', 'string'],
  name: ['string'],
  version: ['string'],
  options: ['object'],
  envPrefix: ['string'],
  defaults: ['object'],
  argv: ['array'],
  env: ['object'],
  ownsProcess: ['boolean'],
}

/** In code, a flag is a default, here by its own name (`drain-delay`) and in camel case (`drainDelay`). */
const FLAG_ADVICE = Object.fromEntries(
  optionNames.flatMap((flag) => {
    const advice = `use defaults: { ${flag.includes('-') ? `'${flag}'` : flag}: ... }`
    return [flag, flag.replace(/-./g, ([, letter = '']) => letter.toUpperCase())].map((name) => [name, advice])
  }),
)

const SHAPE: OptionShape = {
  ...APP_SHAPE,
  kinds: { ...APP_SHAPE.kinds, ...SERVE_KINDS },
  advice: { ...APP_SHAPE.advice, ...FLAG_ADVICE },
}

/** Options that `createApp` does not have, or that it gets from `serve`. */
const SERVE_NAMES: ReadonlySet<string> = new Set([...Object.keys(SERVE_KINDS), 'routes', 'logger'])

/** The tables that `--help` shows and the command line is read by. */
export interface ServeTables {
  readonly own: OptionTable
  /** The options of the server. */
  readonly server: OptionTable
}

/**
 * Makes the tables of a program: its own options, and those of the server with the values in code as defaults.
 *
 * @throws RangeError that names every name that is not an option, and every fault of own options and defaults
 */
export function serveTables(options: ServeSettings & { readonly options?: OwnOptions }): ServeTables {
  checkOptions('serve', options, withSwitches(SHAPE, options?.protocols))
  const own = ownOptionTable(options.options ?? {}, options.envPrefix ?? 'PORTICO_')
  const { workers } = options
  const defaults = { ...options.defaults, ...(workers === undefined ? {} : { workers }) }
  const rows = Object.entries(withDefaults(optionTable, defaults))
  return { own, server: Object.fromEntries(rows.map(([name, row]) => [name, withCodeValue(row, options)])) }
}

function withCodeValue(row: Option<unknown>, options: object): Option<unknown> {
  for (const path of row.sets ?? []) {
    const value = valueAt(options, path)
    if (value !== undefined)
      return { ...row, default: value, kind: { ...row.kind, print: (shown) => printed(row, shown) } }
  }
  return row
}

/** Code may set values that a flag cannot, as regular expressions for CORS. */
function printed({ kind }: Option<unknown>, value: unknown): string {
  const isLikeFlag = Array.isArray(value)
    ? value.every((part) => typeof part === 'string')
    : ['boolean', 'number', 'string'].includes(typeof value)
  return isLikeFlag ? kind.print(value) : 'set by the program'
}

/** The values of the options of the server, and the names of those that command line or environment set. */
export interface ServeValues {
  readonly values: OptionValues
  readonly given: ReadonlySet<string>
}

/** Combines the values of the options with what the program sets in code. */
export function appOptionsOf(
  options: ServeSettings,
  { values, given }: ServeValues,
): Omit<AppOptions, 'routes' | 'logger'> {
  const set: Record<string, unknown> = { ...appOptionsInCode(options) }
  for (const [option, { sets = [] }] of Object.entries<Option<unknown>>(optionTable)) {
    const isGiven = given.has(option)
    const value = optionValue(option as OptionName, values)
    for (const path of sets) {
      // Code may give the options that one flag sets different values.
      const inCode = valueAt(options, path)
      const isOpen = isGiven || (value !== undefined && inCode === undefined)
      // A switch that is on has the details that code gives.
      const isDetailed = value === true && typeof inCode === 'object' && !Array.isArray(inCode)
      if (isOpen && !isDetailed && !isPartOfOff(path, { values, given })) setPath(set, path.split('.'), value)
    }
  }
  if (given.has('brotli')) set.acceptCompression = undefined
  if (values.brotli) set.acceptCompression ??= COMPRESSIONS
  // A port of their own is where the server is.
  if (valueAt(set, 'metrics.port') !== undefined) set.metrics = { host: values.host, ...(set.metrics as object) }
  if (set.openapi) set.openapi = namedOpenApi(set.openapi, options)
  if (set.console) set.console = namedConsole(set.console, options)
  const tls = tlsOptionsOf(values)
  if (tls !== undefined) setPath(set, ['listen', 'tls'], tls)
  return set as Omit<AppOptions, 'routes' | 'logger'>
}

/** What `--no-console` or the environment turns off stays off, whatever they say of its details. */
function isPartOfOff(path: string, { values, given }: ServeValues): boolean {
  const [owner = '', ...parts] = path.split('.')
  return parts.length > 0 && given.has(owner) && values[owner as OptionName] === false
}

/** The document has the name and the version of the program, unless code says otherwise. */
function namedOpenApi(given: unknown, { name, version }: ServeSettings): AppOptions['openapi'] {
  const openapi = given === true ? {} : (given as OpenApiRouteOptions)
  return { ...openapi, info: { ...(name && { title: name }), ...(version && { version }), ...openapi.info } }
}

/** The page calls the server by the name of the program, unless code says otherwise. */
function namedConsole(given: unknown, { name }: ServeSettings): ConsoleOptions {
  return { ...(name && { title: name }), ...(given === true ? {} : (given as ConsoleOptions)) }
}

/** Undefined for "not set": null, and a decode budget of 0, which follows from another option. */
function optionValue(option: OptionName, values: OptionValues): unknown {
  const value = values[option]
  return value === null || (option === 'decode-budget' && value === 0) ? undefined : value
}

/** How the process drains. What code sets is the default of its flag. */
export function drainTimesOf(values: OptionValues): OwnedProcess {
  return { drainDelayMs: values['drain-delay'], drainTimeoutMs: values['drain-timeout'] }
}

/** The files of TLS; undefined if the options name none. */
export function tlsOptionsOf(values: OptionValues): TlsOptions | undefined {
  const { 'tls-cert': certs, 'tls-key': keys, 'tls-ca': caFile, 'tls-passphrase-file': passphraseFile } = values
  if (certs.length === 0) return undefined
  const secret = passphraseFile === null ? {} : { passphraseFile }
  return {
    certificates: certs.map((certFile, at) => ({ certFile, keyFile: keys[at] ?? '', ...secret })),
    ...(caFile === null ? {} : { caFile }),
    minVersion: `TLSv${values['tls-min-version']}`,
  }
}

/** The options of `createApp` that are given in code. */
export function appOptionsInCode(options: ServeSettings): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !SERVE_NAMES.has(name)))
}
