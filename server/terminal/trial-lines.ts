/** Commands by which a server that has just started can be tried. */
import { type DescField, type DescMethod, ScalarType } from '@bufbuild/protobuf'

/** What they depend on. */
export interface Trial {
  /** The methods that are served, those of health and reflection not among them. */
  readonly methods: readonly DescMethod[]
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

/** Returns a call by curl of the first unary method, and a list of the services; neither if the server cannot answer it. */
export function trialLines(trial: Trial): string[] {
  const method = trial.methods.find(({ methodKind }) => methodKind === 'unary')
  return [
    ...(trial.hasConnect && method !== undefined ? [curlLine(method, trial)] : []),
    ...(trial.hasReflection ? [listLine(trial)] : []),
  ]
}

/** No certificate for a loopback address is signed by an authority that curl knows, so that it must accept any. */
function curlLine(method: DescMethod, { url, wantsCertificates, requiresVersion }: Trial): string {
  return [
    'curl',
    ...(isTls(url) ? ['-k'] : []),
    ...(wantsCertificates ? ['--cert CERT.pem --key KEY.pem'] : []),
    "-H 'content-type: application/json'",
    ...(requiresVersion ? ["-H 'connect-protocol-version: 1'"] : []),
    `-d '${JSON.stringify(exampleOf(method))}'`,
    `${url}/${method.parent.typeName}/${method.name}`,
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
