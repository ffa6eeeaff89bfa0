/** What a description of an API says about its server, besides the methods. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { JsonOptions } from '../../wire/options/codec-options.ts'
import type { RestOptions } from './protocols/rest/rest-options.ts'

/** How a server answers JSON over HTTP, and whom. */
export interface ApiFacts {
  /** What precedes the paths of all methods, such as `/api`. */
  readonly prefix: string
  /** Whether it answers the Connect protocol. */
  readonly hasConnect: boolean
  /** Whether it answers gRPC-Web over WebSockets. */
  readonly hasWebSockets: boolean
  /** Whether it answers REST, and how. */
  readonly rest: boolean | RestOptions
  /** How Connect reads and writes JSON. */
  readonly jsonOptions: JsonOptions
  /** Whether unary Connect calls must state the version of the protocol. */
  readonly requiresConnectVersion: boolean
  /** Whom methods accept; undefined if nothing identifies callers. */
  readonly callers: CallerRules | undefined
}

/** Which callers a method accepts. */
export interface CallerRule {
  readonly requirement: 'required' | 'optional' | 'none'
  /** What the principal must be allowed to do: all of them. Only with `required`. Default: nothing. */
  readonly scopes?: readonly string[]
  /** The names of the accepted schemes. Default: all. */
  readonly schemes?: readonly string[]
}

/** How callers prove who they are, as a Security Scheme Object of OpenAPI. */
export interface CallerScheme {
  readonly type: 'http' | 'apiKey' | 'mutualTLS' | 'oauth2' | 'openIdConnect'
  readonly [key: string]: string
}

/** Whom the methods of a server accept. */
export interface CallerRules {
  /** The schemes that can be described, by their names. */
  readonly schemes: Readonly<Record<string, CallerScheme>>
  ruleOf(method: DescMethod): CallerRule
}

/** The options of a server that matter here. */
interface ServerOptions {
  readonly prefix: string
  /** Whether each protocol is on, by its option. */
  readonly switches: Readonly<Record<string, boolean>>
  readonly hasWebSockets: boolean
  readonly rest: boolean | RestOptions
  readonly jsonOptions: JsonOptions
  readonly requiresConnectVersion: boolean
  readonly middleware: readonly { readonly callers?: CallerRules }[]
}

/**
 * Collects the facts. The first middleware that has rules states them.
 *
 * @param scope the prefix of the scope that the methods are registered in
 */
export function apiFactsOf(options: ServerOptions, scope: string): ApiFacts {
  const { prefix, switches, hasWebSockets, rest, jsonOptions, requiresConnectVersion, middleware } = options
  return {
    prefix: scope + prefix,
    hasConnect: switches.connect !== false,
    hasWebSockets,
    rest,
    jsonOptions,
    requiresConnectVersion,
    callers: middleware.find(({ callers }) => callers !== undefined)?.callers,
  }
}
