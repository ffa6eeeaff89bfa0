/** Registers servers as EndpointSlices, for services without a selector. */
import { isIP, isIPv6 } from 'node:net'
import { readTls } from '../../client/node/tls/read-tls.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { Registrar, ServiceInstance } from '../contracts/registrar.ts'
import { ApiError } from '../http/http-api.ts'
import { type RenewedEntry, RenewedRegistration } from '../registrar/renewed-registration.ts'
import { parametersOf, type RegistryUrl } from '../url/registry-url.ts'
import { METADATA_ANNOTATION, SERVICE_LABEL, slicesPath } from './endpoint-slice.ts'
import { KubernetesApi } from './kubernetes-api.ts'
import {
  isLabel,
  KUBERNETES_KINDS,
  KUBERNETES_NESTED,
  type KubernetesOptions,
  normalizeKubernetesOptions,
} from './kubernetes-options.ts'

/** Options of `kubernetesRegistrar`. */
export interface KubernetesRegistrarOptions extends KubernetesOptions {
  /** The name of the port in the service. Default `grpc`. */
  readonly portName?: string
  /**
   * The pod of this process, which must be in the namespace of the service. Kubernetes removes the slice together with it. Default: that of
   * the environment variables `POD_NAME` and `POD_UID`, unless `namespace` is set.
   */
  readonly pod?: PodReference
  /** The interval at which the slice is written again, in case somebody has removed it, in milliseconds, from 100. Default 60,000. */
  readonly renewMs?: number
}

/** A pod, as the downward API describes it. */
export interface PodReference {
  readonly name: string
  readonly uid: string
}

const SHAPE: OptionShape = {
  kinds: {
    ...KUBERNETES_KINDS,
    portName: ['string'],
    pod: ['object'],
    renewMs: ['number'],
  } satisfies OptionKinds<KubernetesRegistrarOptions>,
  nested: {
    ...KUBERNETES_NESTED,
    pod: { kinds: { name: ['string'], uid: ['string'] } satisfies OptionKinds<PodReference> },
  },
}

/** Who owns the fields of the slices, and manages them. */
const MANAGER = 'portico'

const CREATED = 201

/**
 * Creates the registrar for Kubernetes, which writes one slice for each instance. Pods that the selector of a service finds need none. A
 * slice has no time to live: without a pod, that of an instance that crashes stays.
 *
 * @throws RangeError for an invalid option, or a file of `tls` that cannot be used
 */
export function kubernetesRegistrar(options: KubernetesRegistrarOptions = {}): Registrar {
  checkOptions('kubernetesRegistrar', options, SHAPE)
  const { portName = 'grpc', renewMs = 60_000 } = options
  const access = normalizeKubernetesOptions('kubernetesRegistrar', options)
  if (!isLabel(portName)) throw new RangeError(`kubernetesRegistrar: portName is "${portName}", and must be a name`)
  if (!(renewMs >= 100)) throw new RangeError(`kubernetesRegistrar: renewMs is ${renewMs}: it must be at least 100`)
  if (options.tls !== undefined) readTls(options.tls)
  const pod = options.pod ?? (options.namespace === undefined ? podOfEnvironment() : undefined)
  return Object.freeze({
    name: 'kubernetes',
    register(instance, context) {
      assertInstance(instance)
      const api = new KubernetesApi(access, context.clock)
      return new RenewedRegistration(entryOf(api, instance, { portName, renewMs, pod }), instance, context)
    },
  } satisfies Registrar)
}

/**
 * Creates the registrar of `kubernetes:///service?namespace=NAME&portName=NAME`, with the service account of the pod.
 *
 * @throws RangeError for a parameter that is unknown or not valid, for a host, and outside of a cluster
 */
export function kubernetesRegistrarOfUrl(url: RegistryUrl): Registrar {
  const parameters = parametersOf(url, ['namespace', 'portName'])
  if (url.hosts.length > 0 || url.username !== undefined) {
    throw new RangeError('kubernetes: the URL must begin with kubernetes:///, as the cluster is that of the pod')
  }
  return kubernetesRegistrar(parameters)
}

interface EntryOptions {
  readonly portName: string
  readonly renewMs: number
  readonly pod: PodReference | undefined
}

function entryOf(api: KubernetesApi, instance: ServiceInstance, options: EntryOptions): RenewedEntry {
  const name = nameOf(instance)
  const path = async () => `${slicesPath(await api.namespace())}/${name}`
  /** Creates the slice, or makes it what it must be. Returns whether it was created. */
  const put = async (isServing: boolean, signal: AbortSignal): Promise<boolean> => {
    const apply = sliceOf(name, instance, { ...options, isServing })
    const query = { fieldManager: MANAGER, force: 'true' }
    return (await api.json({ method: 'PATCH', path: await path(), query, apply, signal })).status === CREATED
  }
  return {
    registry: 'kubernetes',
    renewMs: options.renewMs,
    put: async (isServing, signal) => void (await put(isServing, signal)),
    async renew(isServing, signal) {
      if (await put(isServing, signal)) throw new Error(`the slice ${name} had been removed`)
    },
    async remove(signal) {
      try {
        await api.json({ method: 'DELETE', path: await path(), signal })
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error
      }
    },
  }
}

function sliceOf(
  name: string,
  { service, host, port, metadata }: ServiceInstance,
  { portName, pod, isServing }: EntryOptions & { readonly isServing: boolean },
) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      labels: { [SERVICE_LABEL]: service, 'endpointslice.kubernetes.io/managed-by': MANAGER },
      annotations: { [METADATA_ANNOTATION]: JSON.stringify(metadata) },
      ...(pod !== undefined && { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', ...pod }] }),
    },
    addressType: isIPv6(host) ? 'IPv6' : 'IPv4',
    endpoints: [
      {
        addresses: [host],
        conditions: { ready: isServing, serving: isServing, terminating: false },
        ...(metadata.zone !== undefined && { zone: metadata.zone }),
        ...(pod !== undefined && { targetRef: { kind: 'Pod', ...pod } }),
      },
    ],
    ports: [{ name: portName, port, protocol: 'TCP' }],
  }
}

/** @throws RangeError for an instance that no slice can describe */
function assertInstance({ service, host }: ServiceInstance): void {
  if (!isLabel(service)) throw new RangeError(`the service is "${service}", and must be the name of one in Kubernetes`)
  if (isIP(host) === 0)
    throw new RangeError(`the host is "${host}", and must be an IP address, as slices have no names`)
}

/** Names of slices have lower-case letters, digits, dots and hyphens only. */
function nameOf({ service, id }: ServiceInstance): string {
  return `${service}-${id.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`.slice(0, 253).replace(/-+$/, '')
}

function podOfEnvironment(): PodReference | undefined {
  const { POD_NAME: name = '', POD_UID: uid = '' } = process.env
  return name === '' || uid === '' ? undefined : { name, uid }
}
