/** Shows a call to a policy. */
import type { HandlerContext } from '@connectrpc/connect'
import { requestField } from '../rpc/call-context.ts'
import { peerKey, principalKey } from '../rpc/context-keys.ts'
import { certificateIdentity } from './certificate-identity.ts'
import type { PolicyCall } from './policy/compile-policy.ts'

/** A call by its context. */
export class ContextCall implements PolicyCall {
  readonly #context: HandlerContext
  readonly #namesOf: (context: HandlerContext) => readonly string[]
  #principals: readonly string[] | undefined

  constructor(context: HandlerContext, namesOf: (context: HandlerContext) => readonly string[]) {
    this.#context = context
    this.#namesOf = namesOf
  }

  /** That of the method, not of the request, so that no spelling of a path can evade a rule. */
  get path(): string {
    const { method } = this.#context
    return `/${method.parent.typeName}/${method.name}`
  }

  get principals(): readonly string[] {
    this.#principals ??= this.#namesOf(this.#context)
    return this.#principals
  }

  header(name: string): string | null {
    return requestField(this.#context, name)
  }
}

const NONE: readonly string[] = Object.freeze([])
const ANONYMOUS: readonly string[] = Object.freeze([''])

/**
 * Returns the names in the client certificate. None for cleartext, which no pattern matches; an empty one for TLS without a client
 * certificate (gRFC A43).
 */
export function certificateNames({ values }: HandlerContext): readonly string[] {
  const { tls, certificate } = values.get(peerKey)
  if (tls === undefined) return NONE
  return certificate === undefined ? ANONYMOUS : certificateIdentity(certificate).names
}

/** Returns the name of the authenticated caller, which is empty for an anonymous one. */
export function callerNames({ values }: HandlerContext): readonly string[] {
  const principal = values.get(principalKey)
  return principal === undefined ? ANONYMOUS : [principal.name]
}
