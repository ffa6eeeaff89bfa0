/** Authentication: who calls, decided after the headers of a call and before its body is read. */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect'
import type { CallerRule, CallerRules, CallerScheme } from '../rpc/api-facts.ts'
import { type Principal, peerKey, principalKey } from '../rpc/context-keys.ts'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'
import { type FoundRule, nameOf, ruleFaults, ruleFor, unknownNames } from './auth-rules.ts'
import {
  type AuthenticateOptions,
  type ResolvedAuthenticateOptions,
  readAuthenticateOptions,
} from './authenticate-options.ts'
import { type AuthScheme, InvalidCredentials } from './schemes/auth-scheme.ts'

/**
 * Establishes who calls, and refuses calls without valid credentials as UNAUTHENTICATED. The principal is in
 * `context.values.get(principalKey)`; it is undefined where authentication is optional and the call has no credentials.
 *
 *     authenticate({ schemes: [jwt({ jwksUri, issuer, audience, algorithms: ['RS256'] })] })
 *
 * Rules say which callers a method accepts. They come from `rules` and `exempt`, and from protos that import
 * `portico/options/v1/options.proto`; without one, `default` holds. A method that demands scopes refuses principals without them as
 * PERMISSION_DENIED. Health needs no credentials unless a rule says otherwise.
 *
 * @throws RangeError that names every invalid option; at start-up, for a rule that names nothing that is served, or that cannot hold
 */
export function authenticate(options: AuthenticateOptions): Middleware {
  const authentication = new Authentication(readAuthenticateOptions(options))
  return {
    name: 'authenticate',
    appliesTo: (method) => authentication.appliesTo(method),
    requestGate: (context) => authentication.check(context),
    callers: authentication,
    prepare: (server) => authentication.prepare(server),
  }
}

/** What holds for the calls of a method. */
interface MethodAuth {
  readonly rule: FoundRule
  readonly schemes: readonly AuthScheme[]
  /** For `www-authenticate`. */
  readonly challenges: readonly string[]
}

class Authentication implements CallerRules {
  readonly #options: ResolvedAuthenticateOptions
  readonly #byMethod = new Map<DescMethod, MethodAuth>()
  #log: PreparedServer['log'] | undefined

  constructor(options: ResolvedAuthenticateOptions) {
    this.#options = options
  }

  appliesTo(method: DescMethod): boolean {
    return this.#of(method).rule.requirement !== 'none'
  }

  /** For descriptions of the API, as is `ruleOf`. */
  get schemes(): Readonly<Record<string, CallerScheme>> {
    const described = this.#options.schemes.flatMap(({ name, description }) =>
      description === undefined ? [] : [[name, description] as const],
    )
    return Object.fromEntries(described)
  }

  ruleOf(method: DescMethod): CallerRule {
    return this.#of(method).rule
  }

  async prepare(server: PreparedServer): Promise<void> {
    const { schemes, rules, byDefault, requiresTls } = this.#options
    const names = new Set(schemes.map(({ name }) => name))
    const found = server.methods.map((method) => ({ method, rule: this.#of(method).rule }))
    const faults = [
      ...unknownNames(rules, server.methods),
      ...found.flatMap(({ method, rule }) => ruleFaults(method, rule, names)),
    ]
    if (faults.length > 0) throw new RangeError(`authenticate: ${faults.join('; ')}`)
    this.#log = server.log
    for (const scheme of schemes) await scheme.prepare?.(server)
    server.log.info(
      { schemes: [...names], default: byDefault, requiresTls, methods: countRules(found.map(({ rule }) => rule)) },
      'authentication is on',
    )
  }

  /** Sets the principal of a call, or refuses the call. Synchronous unless a scheme is not: waiting costs more than all else here. */
  check(context: HandlerContext): void | Promise<void> {
    const auth = this.#of(context.method)
    const principal = this.#identify(auth, context, 0)
    if (principal instanceof Promise) return principal.then((found) => this.#admit(auth, context, found))
    this.#admit(auth, context, principal)
  }

  #admit({ rule }: MethodAuth, context: HandlerContext, principal: Answer): void {
    if (principal === null) {
      if (rule.requirement === 'required') throw this.#refuse(context, 'missing')
      return
    }
    if (this.#options.requiresTls && context.values.get(peerKey).tls === undefined) {
      throw this.#refuse(context, 'not over TLS', principal.scheme)
    }
    for (const scope of rule.scopes ?? []) if (!principal.scopes.includes(scope)) throw scopeMissing(scope)
    context.values.set(principalKey, principal)
  }

  /** Asks the schemes in order, from one on. */
  #identify(auth: MethodAuth, context: HandlerContext, from: number): Answer | Promise<Answer> {
    for (let index = from; index < auth.schemes.length; index += 1) {
      const principal = this.#ask(auth.schemes[index] as AuthScheme, context)
      if (principal instanceof Promise) {
        return principal.then((found) => found ?? this.#identify(auth, context, index + 1))
      }
      if (principal !== null) return principal
    }
    return null
  }

  #ask(scheme: AuthScheme, context: HandlerContext): Answer | Promise<Answer> {
    try {
      const answer = scheme.authenticate(context)
      return isThenable(answer) ? this.#await(answer, scheme, context) : checkAnswer(answer, scheme)
    } catch (error) {
      throw this.#errorOf(error, scheme, context)
    }
  }

  /** Anything to wait for must be waited for: taken as a principal, it would let everybody in. */
  async #await(answer: PromiseLike<Answer>, scheme: AuthScheme, context: HandlerContext): Promise<Answer> {
    try {
      return checkAnswer(await answer, scheme)
    } catch (error) {
      throw this.#errorOf(error, scheme, context)
    }
  }

  #errorOf(thrown: unknown, scheme: AuthScheme, context: HandlerContext): unknown {
    return thrown instanceof InvalidCredentials ? this.#refuse(context, thrown.reason, scheme.name) : thrown
  }

  /** The log has the reason. Callers receive the same text for all, which tells an attacker nothing. */
  #refuse(context: HandlerContext, reason: string, scheme?: string): ConnectError {
    const challenge = challengeFor(context, this.#of(context.method))
    const { address } = context.values.get(peerKey)
    this.#log?.info({ method: nameOf(context.method), peer: address, scheme, reason }, 'call not authenticated')
    const headers = challenge === '' ? undefined : { 'www-authenticate': challenge }
    return new ConnectError('valid credentials are required', Code.Unauthenticated, headers)
  }

  #of(method: DescMethod): MethodAuth {
    let auth = this.#byMethod.get(method)
    if (auth === undefined) {
      auth = methodAuth(method, this.#options)
      this.#byMethod.set(method, auth)
    }
    return auth
  }
}

type Answer = Principal | null

function isThenable(answer: Answer | PromiseLike<Answer>): answer is PromiseLike<Answer> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}

/**
 * Returns the answer of a scheme, whose code is not ours.
 *
 * @throws TypeError for one that is neither a principal nor null, such as `false`, and would let everybody in
 */
function checkAnswer(answer: unknown, { name }: AuthScheme): Answer {
  if (answer === null || isPrincipal(answer)) return answer
  throw new TypeError(`scheme ${name} must return a principal, with a name and a list of scopes, or null`)
}

function isPrincipal(answer: unknown): answer is Principal {
  if (typeof answer !== 'object' || answer === null) return false
  const { name, scopes } = answer as Partial<Principal>
  return typeof name === 'string' && Array.isArray(scopes)
}

function methodAuth(method: DescMethod, { schemes, rules, byDefault }: ResolvedAuthenticateOptions): MethodAuth {
  const rule = ruleFor(method, rules, byDefault)
  const isAccepted = ({ name }: AuthScheme) => !rule.schemes?.length || rule.schemes.includes(name)
  const accepted = schemes.filter(isAccepted)
  const challenges = accepted.map(({ challenge }) => challenge).filter((challenge) => challenge !== undefined)
  return { rule, schemes: accepted, challenges }
}

/** Challenges at which browsers ask for a password, and then send it with all that goes to the origin. */
const ASKS_IN_BROWSERS = /^(?:basic|digest)\b/i

/** A page whose script calls has a form of its own, so the browser must not ask. */
function challengeFor(context: HandlerContext, { challenges }: MethodAuth): string {
  const forScripts = challenges.filter((challenge) => !ASKS_IN_BROWSERS.test(challenge))
  const isOfScript = forScripts.length < challenges.length && context.requestHeader.get('sec-fetch-dest') === 'empty'
  return (isOfScript ? forScripts : challenges).join(', ')
}

/** As `{ required: 3, 'required by default': 1 }`. */
function countRules(rules: readonly FoundRule[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { requirement, source } of rules) {
    const key = source === 'default' ? `${requirement} by default` : requirement
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

/** RFC 6750, section 3.1. */
function scopeMissing(scope: string): ConnectError {
  return new ConnectError(`the scope ${scope} is missing`, Code.PermissionDenied, {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
  })
}
