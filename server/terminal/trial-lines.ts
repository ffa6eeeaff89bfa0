/** Commands by which a server that has just started can be tried. */
import { type DescField, type DescMethod, ScalarType } from '@bufbuild/protobuf'

/** How a method is called by REST. */
export interface RestCall {
  /** The HTTP method, or `*` for any. */
  readonly verb: string
  /** As the proto has it: `/v1/hello/{name}`. */
  readonly template: string
  /** A path that matches: `/v1/hello/World`. */
  readonly examplePath: string
}

/** What they depend on. */
export interface Trial {
  /** The methods that are served, those of health and reflection not among them. */
  readonly methods: readonly DescMethod[]
  /** Those that answer REST. */
  readonly rest: ReadonlyMap<DescMethod, RestCall>
  /** The base URL to call: `http://127.0.0.1:8080`. */
  readonly url: string
  /** The server asks clients for certificates. */
  readonly wantsCertificates: boolean
  /** Connect's JSON is served, which curl can call. */
  readonly hasConnect: boolean
  /** Calls without the header `connect-protocol-version` are refused. */
  readonly requiresVersion: boolean
  readonly hasReflection: boolean
  /** How the client program is called here: `npx portico`. */
  readonly program: string
}

/**
 * Returns a call by curl of the first unary method that REST answers to GET, else of the first one; and a list of the services. Neither if
 * the server cannot answer it.
 */
export function trialLines(trial: Trial): string[] {
  return [...curlLine(trial), ...(trial.hasReflection ? [listLine(trial)] : [])]
}

function curlLine(trial: Trial): string[] {
  const unary = trial.methods.filter(({ methodKind }) => methodKind === 'unary')
  const [rest] = unary.flatMap((method) => trial.rest.get(method) ?? []).filter(({ verb }) => verb === 'GET')
  if (rest !== undefined) return [[curl(trial), trial.url + rest.examplePath].join(' ')]
  const [method] = unary
  return method !== undefined && trial.hasConnect ? [connectLine(method, trial)] : []
}

/** No certificate for a loopback address is signed by an authority that curl knows, so that it must accept any. */
function curl({ url, wantsCertificates }: Trial): string {
  return `curl${isTls(url) ? ' -k' : ''}${wantsCertificates ? ' --cert CERT.pem --key KEY.pem' : ''}`
}

function connectLine(method: DescMethod, trial: Trial): string {
  return [
    curl(trial),
    "-H 'content-type: application/json'",
    ...(trial.requiresVersion ? ["-H 'connect-protocol-version: 1'"] : []),
    `-d '${JSON.stringify(exampleOf(method))}'`,
    `${trial.url}/${method.parent.typeName}/${method.name}`,
  ].join(' ')
}

function listLine({ program, url, wantsCertificates }: Trial): string {
  const tls = isTls(url) ? ' --insecure' : ''
  return `${program} list ${url}${tls}${wantsCertificates ? ' --cert CERT.pem --key KEY.pem' : ''}`
}

/** A request with one field, as the first that is text shows the most. All fields may be left out. */
function exampleOf({ input }: DescMethod): Readonly<Record<string, string>> {
  const field = input.fields.find(isText)
  return field === undefined ? {} : { [field.jsonName]: field.name === 'name' ? 'World' : 'example' }
}

function isText({ fieldKind, scalar }: DescField): boolean {
  return fieldKind === 'scalar' && scalar === ScalarType.STRING
}

function isTls(url: string): boolean {
  return url.startsWith('https:')
}
