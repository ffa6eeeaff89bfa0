/**
 * The public edge of `portico/registry/kubernetes`, for clients that find the pods of a service, and servers that no selector finds.
 *
 *     import { createTransport, DEFAULT_RESOLVERS } from 'portico/client'
 *     import { kubernetesResolver } from 'portico/registry/kubernetes'
 *
 *     const resolvers = [...DEFAULT_RESOLVERS, kubernetesResolver()]
 *     const transport = createTransport({ target: 'kubernetes:///greeter.shop:grpc', resolvers })
 */
export type { KubernetesOptions } from './kubernetes-options.ts'
export { type KubernetesRegistrarOptions, kubernetesRegistrar, type PodReference } from './kubernetes-registrar.ts'
export { type KubernetesResolverOptions, kubernetesResolver } from './kubernetes-resolver.ts'
