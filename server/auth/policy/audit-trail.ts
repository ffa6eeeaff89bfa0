/** Reports the decisions of a policy to audit loggers, as gRFC A59 defines them. */
import {
  type AuditCondition,
  type AuthorizationPolicy,
  invalid,
  type PolicyAuditLogger,
} from './authorization-policy.ts'
import type { PolicyCall, PolicyDecision } from './compile-policy.ts'

/** A decision on a call, with the names of gRFC A59. */
export interface AuditEvent {
  /** `/shop.v1.Orders/Place`. */
  readonly rpc_method: string
  /** The first name of the caller; empty if it has none. */
  readonly principal: string
  readonly policy_name: string
  /** The name of the policy, `_`, and that of the rule; empty if no rule matched. */
  readonly matched_rule: string
  readonly authorized: boolean
}

/** Receives audit events. A call does not wait for it, and goes on if it throws or rejects. */
export type AuditLogger = (event: AuditEvent) => void | Promise<void>

/** Creates a logger from its `config` in the policy. What it throws makes the policy invalid. */
export type AuditLoggerFactory = (config: Readonly<Record<string, unknown>>) => AuditLogger

/** Where loggers come from, and their errors go. */
export interface AuditOutlets {
  /** By name. */
  readonly factories: ReadonlyMap<string, AuditLoggerFactory>
  /** Receives what a logger throws or rejects with. Must not throw. */
  readonly onFault: (thrown: unknown, logger: string) => void
}

/**
 * Creates the loggers of a policy.
 *
 * @returns null if no event would be logged
 * @throws RangeError if the server has no logger of a name, or cannot create it
 */
export function createAuditTrail(policy: AuthorizationPolicy, outlets: AuditOutlets): AuditTrail | null {
  const { audit_condition = 'NONE', audit_loggers, audit_logger } = policy.audit_logging_options ?? {}
  const loggers = createLoggers(audit_loggers ?? audit_logger ?? [], outlets)
  if (audit_condition === 'NONE' || loggers.length === 0) return null
  return new AuditTrail(policy.name, { condition: audit_condition, loggers, onFault: outlets.onFault })
}

interface NamedLogger {
  readonly name: string
  readonly log: AuditLogger
}

function createLoggers(wanted: readonly PolicyAuditLogger[], { factories }: AuditOutlets): NamedLogger[] {
  const loggers: NamedLogger[] = []
  for (const { name, config = {}, is_optional = false } of wanted) {
    const factory = factories.get(name)
    if (factory !== undefined) loggers.push({ name, log: createLogger(name, () => factory(config)) })
    else if (!is_optional)
      throw invalid(`audit logger "${name}" is unknown: this server has ${[...factories.keys()].join(', ')}`)
  }
  return loggers
}

function createLogger(name: string, create: () => AuditLogger): AuditLogger {
  try {
    return create()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`audit logger "${name}" cannot be created: ${reason}`)
  }
}

interface TrailParts extends Pick<AuditOutlets, 'onFault'> {
  readonly condition: AuditCondition
  readonly loggers: readonly NamedLogger[]
}

/** Reports decisions to loggers. */
export class AuditTrail {
  readonly #policyName: string
  readonly #parts: TrailParts
  readonly #logsAllowed: boolean
  readonly #logsDenied: boolean

  constructor(policyName: string, parts: TrailParts) {
    this.#policyName = policyName
    this.#parts = parts
    this.#logsAllowed = parts.condition === 'ON_ALLOW' || parts.condition === 'ON_DENY_AND_ALLOW'
    this.#logsDenied = parts.condition === 'ON_DENY' || parts.condition === 'ON_DENY_AND_ALLOW'
  }

  /** Never throws. */
  record(call: PolicyCall, { isAuthorized, matchedRule }: PolicyDecision): void {
    if (!(isAuthorized ? this.#logsAllowed : this.#logsDenied)) return
    const event: AuditEvent = Object.freeze({
      rpc_method: call.path,
      principal: call.principals[0] ?? '',
      policy_name: this.#policyName,
      matched_rule: matchedRule,
      authorized: isAuthorized,
    })
    for (const logger of this.#parts.loggers) this.#send(event, logger)
  }

  #send(event: AuditEvent, { name, log }: NamedLogger): void {
    const { onFault } = this.#parts
    try {
      const logging: unknown = log(event)
      if (logging !== undefined) Promise.resolve(logging).catch((thrown: unknown) => onFault(thrown, name))
    } catch (thrown) {
      onFault(thrown, name)
    }
  }
}
