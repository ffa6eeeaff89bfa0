/** Client certificates as credentials (mTLS). */
import type { X509Certificate } from 'node:crypto'
import type { HandlerContext } from '@connectrpc/connect'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { type Principal, peerKey } from '../rpc/context-keys.ts'
import { certificateIdentity } from './certificate-identity.ts'
import type { AuthScheme } from './schemes/auth-scheme.ts'

/** What `clientCertificate` takes. */
export interface ClientCertificateOptions {
  /** The name of the scheme. Default: `mtls`. */
  readonly name?: string
}

const SHAPE: OptionShape = { kinds: { name: ['string'] } satisfies OptionKinds<ClientCertificateOptions> }

/**
 * Accepts the certificate of the client's connection, verified against `tls.ca`. The principal has the first of the names that
 * `certificateIdentity` finds, all of them in `claims.names`, and no scopes. Behind a proxy that terminates TLS, the certificate is the
 * proxy's.
 */
export function clientCertificate(options: ClientCertificateOptions = {}): AuthScheme {
  checkOptions('clientCertificate', options, SHAPE)
  const { name = 'mtls' } = options
  /** A connection keeps its certificate object. */
  const principals = new WeakMap<X509Certificate, Principal>()
  return {
    name,
    description: { type: 'mutualTLS', description: 'A client certificate.' },
    authenticate({ values }: HandlerContext) {
      const { certificate } = values.get(peerKey)
      if (certificate === undefined) return null
      const known = principals.get(certificate)
      if (known !== undefined) return known
      const principal = principalOf(certificate, name)
      principals.set(certificate, principal)
      return principal
    },
  }
}

function principalOf(certificate: X509Certificate, scheme: string): Principal {
  const { kind, names } = certificateIdentity(certificate)
  const { fingerprint256 } = certificate
  const claims = Object.freeze({ kind, names, fingerprint256 })
  return Object.freeze({ name: names[0], scheme, scopes: Object.freeze([]), claims })
}
