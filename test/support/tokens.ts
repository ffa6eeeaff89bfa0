/** Tokens of a test issuer. */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'

/** What tokens say and servers accept, unless a test says otherwise. */
export const ISSUER = 'https://id.test'
export const AUDIENCE = 'shop'

/** A key pair of the issuer. */
export interface IssuerKey {
  readonly kid: string
  readonly alg: 'RS256' | 'ES256'
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public key in PEM. */
  readonly pem: string
}

/** Creates a key pair. */
export function createIssuerKey(kid: string, alg: IssuerKey['alg'] = 'ES256'): IssuerKey {
  const { privateKey, publicKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, alg, privateKey, publicKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

/** The public half, as in a JSON Web Key Set. */
export async function publicJwk({ kid, alg, publicKey }: IssuerKey): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
}

/** What a token says. */
export interface TokenInit {
  /** Replace those of a valid token; undefined leaves one out. */
  readonly claims?: JWTPayload
  readonly header?: Readonly<Record<string, unknown>>
}

/** Signs a token that is valid for a minute unless its claims say otherwise. */
export function signToken(key: IssuerKey, { claims, header }: TokenInit = {}): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const payload = { sub: 'ada', iss: ISSUER, aud: AUDIENCE, iat: nowSeconds, exp: nowSeconds + 60, ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey)
}

/** Builds a token by hand, as an attacker does: any header, with an HMAC of any key or without a signature. */
export function forgeToken(header: object, payload: object, hmacKey?: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(payload)}`
  const signature = hmacKey === undefined ? '' : createHmac('sha256', hmacKey).update(signed).digest('base64url')
  return `${signed}.${signature}`
}

/** The server of an issuer. */
export interface KeySetServer {
  readonly url: string
  /** The keys that it shows; null: it answers 503. */
  keys: readonly JWK[] | null
  /** The paths that were requested. */
  readonly requests: string[]
}

/** Starts the server of an issuer. It is closed when the running test ends. */
export async function startKeySet(...keys: readonly IssuerKey[]): Promise<KeySetServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    response.statusCode = issuer.keys === null ? 503 : 200
    response.setHeader('connection', 'close')
    response.end(JSON.stringify({ keys: issuer.keys }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const issuer: KeySetServer = {
    url: `http://127.0.0.1:${port}/keys`,
    keys: await Promise.all(keys.map(publicJwk)),
    requests,
  }
  return issuer
}
