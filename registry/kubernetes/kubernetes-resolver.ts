/** `kubernetes:///service.namespace:port`: the ready pods of a service, by the EndpointSlices of the cluster. */
import type { Endpoint } from '../../client/node/contracts/endpoint.ts'
import type { ResolverContext, ResolverFactory, Target } from '../../client/node/contracts/resolver.ts'
import { authorityOf } from '../../client/node/resolver/authority-of.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import { RegistryResolver } from '../resolver/registry-resolver.ts'
import { SERVICE_LABEL, slicesPath } from './endpoint-slice.ts'
import { KubernetesApi } from './kubernetes-api.ts'
import {
  KUBERNETES_KINDS,
  KUBERNETES_NESTED,
  type KubernetesOptions,
  normalizeKubernetesOptions,
} from './kubernetes-options.ts'
import { type KubernetesTarget, parseKubernetesTarget } from './kubernetes-target.ts'
import { mergeSlices } from './merge-slices.ts'
import { watchSlices } from './watch-slices.ts'

/** Options of `kubernetesResolver`. */
export interface KubernetesResolverOptions extends KubernetesOptions {}

const SHAPE: OptionShape = {
  kinds: KUBERNETES_KINDS satisfies OptionKinds<KubernetesResolverOptions>,
  nested: KUBERNETES_NESTED,
}

/**
 * Creates the resolver for `kubernetes`. The zone and the node of pods become attributes of endpoints. The authority is the name of the service.
 * While the API server cannot be reached, or no pod is ready, the last list stays in effect.
 *
 * Outside of a cluster `server` must be set: a channel reports this when it looks its target up, so that a list of resolvers works anywhere.
 *
 * @throws RangeError for an unknown option
 */
export function kubernetesResolver(options: KubernetesResolverOptions = {}): ResolverFactory {
  checkOptions('kubernetesResolver', options, SHAPE)
  return Object.freeze({
    scheme: 'kubernetes',
    defaultAuthority: (target: Target) => authorityOf(parseKubernetesTarget(target).authority),
    create(target, context) {
      const parsed = parseKubernetesTarget(target)
      const api = new KubernetesApi(normalizeKubernetesOptions('kubernetesResolver', options), context.clock)
      return new RegistryResolver(context, {
        subject: `${parsed.authority} in kubernetes`,
        watch: (onEndpoints, signal) => watch({ api, target: parsed, context }, onEndpoints, signal),
      })
    },
  } satisfies ResolverFactory)
}

interface Watch {
  readonly api: KubernetesApi
  readonly target: KubernetesTarget
  readonly context: ResolverContext
}

async function watch(
  { api, target: { service, namespace, port }, context: { clock, random } }: Watch,
  onEndpoints: (endpoints: readonly Endpoint[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = slicesPath(namespace ?? (await api.namespace()))
  const labelSelector = `${SERVICE_LABEL}=${service}`
  const onSlices = (slices: Parameters<typeof mergeSlices>[0]) => onEndpoints(mergeSlices(slices, port))
  await watchSlices({ api, path, labelSelector, clock, random, onSlices }, signal)
}
