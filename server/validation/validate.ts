/** Checks messages against the `buf.validate` rules in their proto files. */
import type { DescMessage, Message, Registry } from '@bufbuild/protobuf'
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { checkOptions, type OptionKinds } from '../../wire/options/check-options.ts'
import { eachMessage } from '../interceptors/each-message.ts'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'
import { hasRules } from './has-rules.ts'
import type { MessageRules } from './message-rules.ts'

/** Options of {@link validate}. */
export interface ValidateOptions {
  /** Check responses too. One that is not valid is logged, and ends the call with INTERNAL. Default: false. */
  readonly responses?: boolean
  /** The extensions of your own predefined rules. Default: none. */
  readonly registry?: Registry
}

const KINDS: OptionKinds<ValidateOptions> = { responses: ['boolean'], registry: ['object'] }

/**
 * Creates middleware that refuses requests, and ends streams, with a message that violates the rules of its type: INVALID_ARGUMENT with a
 * `buf.validate.Violations` detail. It applies to the methods whose messages have rules; others cost nothing. A rule that cannot be
 * compiled ends the start-up. Needs the package `@bufbuild/protovalidate`, which is loaded at start-up.
 *
 * @throws RangeError for unknown options
 */
export function validate(options: ValidateOptions = {}): Middleware {
  checkOptions('validate', options, { kinds: KINDS })
  const validation = new Validation(options)
  return {
    name: 'validate',
    appliesTo: ({ input, output }) => validation.checksRequest(input) || validation.checksResponse(output),
    interceptor: validation.interceptor,
    prepare: (server) => validation.prepare(server),
  }
}

class Validation {
  readonly #options: ValidateOptions
  readonly #withRules = new Map<DescMessage, boolean>()
  /** Loaded at start-up. */
  #rules: Promise<MessageRules> | MessageRules | null = null
  #log: PreparedServer['log'] | undefined

  constructor(options: ValidateOptions) {
    this.#options = options
  }

  checksRequest(type: DescMessage): boolean {
    let isWithRules = this.#withRules.get(type)
    if (isWithRules === undefined) {
      isWithRules = hasRules(type)
      this.#withRules.set(type, isWithRules)
    }
    return isWithRules
  }

  checksResponse(type: DescMessage): boolean {
    return this.#options.responses === true && this.checksRequest(type)
  }

  async prepare({ methods, log }: PreparedServer): Promise<void> {
    this.#log = log
    const types = methods.flatMap(({ input, output }) => [
      ...(this.checksRequest(input) ? [input] : []),
      ...(this.checksResponse(output) ? [output] : []),
    ])
    if (types.length === 0) return
    this.#rules ??= loadRules(this.#options.registry)
    const rules = await this.#rules
    this.#rules = rules
    for (const type of new Set(types)) {
      rules.compile(type, (err) => log.warn({ err }, 'validation rule fails for empty messages'))
    }
  }

  readonly interceptor: Interceptor = (next) => async (request) => {
    // Only a handler for Node takes calls before it is prepared.
    const rules = this.#rules instanceof Promise ? await this.#rules : this.#rules
    if (rules === null) throw new ConnectError('the validation rules are not loaded yet', Code.Unavailable)
    const { input, output } = request.method
    const response = await next(this.checksRequest(input) ? checkedRequest(rules, request) : request)
    if (!this.checksResponse(output)) return response
    const check = (message: Message) => this.#checkResponse(rules, output, message)
    if (response.stream) return { ...response, message: eachMessage(response.message, check) }
    check(response.message)
    return response
  }

  /** The client cannot mend a response, so the log has the reason. */
  #checkResponse(rules: MessageRules, type: DescMessage, message: Message): void {
    const violations = rules.check(type, message)
    if (violations === null) return
    this.#log?.error({ type: type.typeName, violation: `${violations}` }, 'response is not valid')
    throw new ConnectError('the response is not valid', Code.Internal)
  }
}

type AnyRequest = Parameters<ReturnType<Interceptor>>[0]

function checkedRequest(rules: MessageRules, request: AnyRequest): AnyRequest {
  const { input } = request.method
  if (request.stream) {
    return { ...request, message: eachMessage(request.message, (message) => checkRequest(rules, input, message)) }
  }
  checkRequest(rules, input, request.message)
  return request
}

function checkRequest(rules: MessageRules, type: DescMessage, message: Message): void {
  const violations = rules.check(type, message)
  if (violations !== null) throw violations.toError()
}

/** Loads the package on request, as it is an optional peer. */
async function loadRules(registry: Registry | undefined): Promise<MessageRules> {
  try {
    const { MessageRules } = await import('./message-rules.ts')
    return new MessageRules(registry)
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND'
    if (!isMissing) throw cause
    throw new Error('validate needs the package @bufbuild/protovalidate: npm install @bufbuild/protovalidate', {
      cause,
    })
  }
}
