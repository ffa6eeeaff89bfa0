/** Decides by policy who may call what. */
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import { type Clock, systemClock } from '../../wire/http2/clock.ts'
import { checkOptions, type OptionKinds } from '../../wire/options/check-options.ts'
import { reloadsOf } from '../lifecycle/reloads.ts'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'
import { ContextCall, callerNames, certificateNames } from './context-call.ts'
import { type AuditLoggerFactory, type AuditTrail, createAuditTrail } from './policy/audit-trail.ts'
import { type AuthorizationPolicy, readPolicy } from './policy/authorization-policy.ts'
import { CompiledPolicy } from './policy/compile-policy.ts'
import { PolicyFile } from './policy/policy-file.ts'

/** Options of {@link authorize}. One of `policy` and `policyFile` is needed. */
export interface AuthorizeOptions {
  /** A policy as gRFC A43 and A59 define it, or its JSON text. */
  readonly policy?: AuthorizationPolicy | string
  /**
   * The path of a JSON file with the policy. It is read again at intervals and on SIGHUP. The start fails if it is not valid; later the
   * last valid policy stays in use, and the error is logged once per change of the file.
   */
  readonly policyFile?: string
  /** How often `policyFile` is read, in milliseconds. Default 10,000, range 100 to 86,400,000; 0 for on SIGHUP only. */
  readonly refreshMs?: number
  /**
   * What `principals` in rules match. `certificate`: the names in the client certificate, as in gRFC A43. `caller`: the name of the
   * principal that `authenticate` has set, such as the subject of a token; it must then stand before `authorize`. Default: `certificate`.
   */
  readonly principals?: 'certificate' | 'caller'
  /** Audit loggers of your own by name, besides `stdout_logger`, which writes to the log of the server. Default: none. */
  readonly auditLoggers?: Readonly<Record<string, AuditLoggerFactory>>
}

const KINDS: OptionKinds<AuthorizeOptions> = {
  policy: ['object', 'string'],
  policyFile: ['string'],
  refreshMs: ['number'],
  principals: ['any'],
  auditLoggers: ['object'],
}
const DEFAULT_REFRESH_MS = 10_000
const LEAST_REFRESH_MS = 100
const MOST_REFRESH_MS = 86_400_000
const STDOUT_LOGGER = 'stdout_logger'
const SOURCES = { certificate: certificateNames, caller: callerNames }

/**
 * Creates middleware that refuses, with PERMISSION_DENIED and before the body is read, calls that its policy does not allow. It decides
 * on every method, those of health and reflection too.
 *
 * @param clock for `refreshMs`
 * @throws RangeError that names every option or part of the policy that is not valid; at start-up, for `principals: 'caller'` before
 *   `authenticate`
 */
export function authorize(options: AuthorizeOptions, clock: Clock = systemClock): Middleware {
  checkAuthorizeOptions(options)
  const { policy, policyFile, refreshMs = DEFAULT_REFRESH_MS, principals } = options
  const fixed = policy === undefined ? undefined : readPolicy(policy)
  const authorization = new Authorization(options)
  return {
    name: 'authorize',
    requestGate: (context) => authorization.decide(context),
    async prepare(server) {
      // Every caller would be anonymous, so that deny rules for principals would match nobody.
      if (principals === 'caller' && server.inner.includes('authenticate'))
        throw new RangeError('authorize by caller stands before authenticate: list it after')
      if (fixed !== undefined) authorization.use(fixed, server)
      if (policyFile !== undefined) await watchFile(policyFile, { authorization, server, refreshMs, clock })
    },
  }
}

/** The policy in use. */
class Authorization {
  readonly #namesOf: (context: HandlerContext) => readonly string[]
  readonly #loggers: Readonly<Record<string, AuditLoggerFactory>>
  /** Null until it is loaded. */
  #policy: CompiledPolicy | null = null
  #audit: AuditTrail | null = null

  constructor({ principals = 'certificate', auditLoggers = {} }: AuthorizeOptions) {
    this.#namesOf = SOURCES[principals]
    this.#loggers = auditLoggers
  }

  /** @throws ConnectError if the policy in use does not allow the call */
  decide(context: HandlerContext): void {
    if (this.#policy === null) throw new ConnectError('the authorization policy is not loaded yet', Code.Unavailable)
    const call = new ContextCall(context, this.#namesOf)
    const decision = this.#policy.decide(call)
    this.#audit?.record(call, decision)
    if (!decision.isAuthorized) throw new ConnectError('the caller may not call this method', Code.PermissionDenied)
  }

  /** @throws RangeError if its audit loggers cannot be created; then the earlier policy stays in use */
  use(policy: AuthorizationPolicy, server: PreparedServer): void {
    const { log } = server
    const factories = new Map(Object.entries({ [STDOUT_LOGGER]: serverLogger(server), ...this.#loggers }))
    const onFault = (thrown: unknown, logger: string) => log.error({ err: thrown, logger }, 'audit logger failed')
    this.#audit = createAuditTrail(policy, { factories, onFault })
    this.#policy = new CompiledPolicy(policy)
    const { name, deny_rules = [], allow_rules } = policy
    const counts = { denyRules: deny_rules.length, allowRules: allow_rules.length }
    log.info({ policy: name, ...counts, default: 'deny' }, 'authorization policy in use')
    const unused = this.#policy.rulesWithoutMethod(server.methods.map(pathOf))
    if (unused.length > 0) log.warn({ rules: unused }, 'authorization rules match no method of this server')
  }
}

function pathOf({ parent, name }: HandlerContext['method']): string {
  return `/${parent.typeName}/${name}`
}

/** Writes events to the log of the server, or to the standard output if it only logs errors. */
function serverLogger({ app, log }: PreparedServer): AuditLoggerFactory {
  if (app === undefined) {
    return () => (event) => void process.stdout.write(`${JSON.stringify({ grpc_audit_log: event })}\n`)
  }
  return () => (event) => log.info({ grpc_audit_log: event }, 'authorization decision')
}

interface FileWatchParts {
  readonly authorization: Authorization
  readonly server: PreparedServer
  readonly refreshMs: number
  readonly clock: Clock
}

async function watchFile(path: string, { authorization, server, refreshMs, clock }: FileWatchParts): Promise<void> {
  const file = new PolicyFile(path, {
    use: (text) => authorization.use(readPolicy(text), server),
    refreshMs,
    clock,
    onError: (err) => server.log.error({ err, file: path }, 'authorization policy not read: keeping the last one'),
  })
  await file.open()
  const { app } = server
  if (app === undefined) return
  const remove = reloadsOf(app).add(path, () => file.reload())
  app.addHook('onClose', async () => {
    remove()
    file.close()
  })
}

function checkAuthorizeOptions(options: AuthorizeOptions): void {
  checkOptions('authorize', options, { kinds: KINDS })
  const { policy, policyFile, refreshMs = DEFAULT_REFRESH_MS, principals = 'certificate' } = options
  const faults: string[] = []
  if ((policy === undefined) === (policyFile === undefined)) faults.push('give either policy or policyFile')
  const isInRange = refreshMs >= LEAST_REFRESH_MS && refreshMs <= MOST_REFRESH_MS
  if (refreshMs !== 0 && !isInRange)
    faults.push(`refreshMs is ${refreshMs}: it must be 0, or from ${LEAST_REFRESH_MS} to ${MOST_REFRESH_MS}`)
  if (!Object.hasOwn(SOURCES, principals))
    faults.push(`principals is "${principals}": it must be one of ${Object.keys(SOURCES).join(', ')}`)
  if (faults.length > 0) throw new RangeError(`authorize: ${faults.join('; ')}`)
}
