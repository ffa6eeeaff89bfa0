/** How to reach the API of a Kubernetes cluster: by default as a pod does, with its service account. */
import type { OptionKinds } from '../../wire/options/check-options.ts'
import { API_TLS_SHAPE, type ApiTlsOptions, readApiUrl } from '../http/api-access.ts'

/** The options that the registrar and the resolver of Kubernetes share. */
export interface KubernetesOptions {
  /** The URL of the API server. Default: that of the cluster in which this process runs. */
  readonly server?: string
  /** A file with the bearer token, which is read for each request, as tokens expire. Default: that of the pod's service account; none with a client certificate. */
  readonly tokenFile?: string
  /** The namespace of services without one. Default: that of the pod's service account. */
  readonly namespace?: string
  /** For `https:`. Default: the authority of the pod's service account. */
  readonly tls?: ApiTlsOptions
}

/** The kinds of the options. */
export const KUBERNETES_KINDS: OptionKinds<KubernetesOptions> = {
  server: ['string'],
  tokenFile: ['string'],
  namespace: ['string'],
  tls: ['object'],
}

/** The shapes of options that are objects. */
export const KUBERNETES_NESTED = { tls: API_TLS_SHAPE }

/** The files of a service account in a pod. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Options of which each has a value. */
export interface KubernetesAccess {
  readonly baseUrl: URL
  /** Null with a client certificate, and for `http:`: `kubectl proxy` adds a token itself, and a token is never sent without TLS. */
  readonly tokenFile: string | null
  readonly namespace: string | undefined
  /** The file with the namespace, if it is not set. */
  readonly namespaceFile: string
  readonly tls: ApiTlsOptions
}

/**
 * Fills in the defaults, which come from the environment of a pod.
 *
 * @throws RangeError naming the option
 */
export function normalizeKubernetesOptions(owner: string, options: KubernetesOptions): KubernetesAccess {
  const { server, namespace, tls } = options
  const baseUrl =
    server === undefined ? clusterUrl(owner) : readApiUrl(`${owner}: server`, server, 'https://10.0.0.1:6443')
  const isPlain = baseUrl.protocol === 'http:'
  if (isPlain && (tls !== undefined || options.tokenFile !== undefined)) {
    throw new RangeError(`${owner}: tokenFile and tls need a server that begins with https:`)
  }
  if (namespace !== undefined && !isLabel(namespace)) {
    throw new RangeError(`${owner}: namespace is "${namespace}", and must be the name of one`)
  }
  return Object.freeze({
    baseUrl,
    tokenFile: isPlain ? null : (options.tokenFile ?? defaultTokenFile(tls)),
    namespace,
    namespaceFile: `${SERVICE_ACCOUNT}/namespace`,
    tls: tls ?? (isPlain ? {} : { caFile: `${SERVICE_ACCOUNT}/ca.crt` }),
  })
}

/** Whether the text can be the name of a service, a namespace or a port (RFC 1123). */
export function isLabel(text: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text)
}

/** A client with a certificate needs no token. */
function defaultTokenFile({ cert, certFile }: ApiTlsOptions = {}): string | null {
  return (cert ?? certFile) === undefined ? `${SERVICE_ACCOUNT}/token` : null
}

function clusterUrl(owner: string): URL {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env
  const text = `https://${host?.includes(':') === true ? `[${host}]` : host}:${port}`
  if (host !== undefined && host !== '' && URL.canParse(text)) return new URL(text)
  throw new RangeError(`${owner}: server must be set outside of a cluster, where KUBERNETES_SERVICE_HOST is missing`)
}
