/** The parts of an EndpointSlice (discovery.k8s.io/v1) that count. Everything may be missing, as it comes from another program. */

/** The label that says which service a slice belongs to. */
export const SERVICE_LABEL = 'kubernetes.io/service-name'

/** The metadata of the only instance of a slice, as JSON. Only servers that register themselves set it. */
export const METADATA_ANNOTATION = 'portico/metadata'

/** Returns the path of all slices of a namespace. */
export function slicesPath(namespace: string): string {
  return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
}

/** A slice: some of the endpoints of a service. */
export interface EndpointSlice {
  readonly metadata?: {
    readonly name?: string
    readonly resourceVersion?: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  /** `IPv4`, `IPv6` or `FQDN`. */
  readonly addressType?: string
  readonly endpoints?: readonly SliceEndpoint[] | null
  readonly ports?: readonly SlicePort[] | null
}

/** A pod, in one of its IP families. */
export interface SliceEndpoint {
  /** All reach the same pod; clients use the first. */
  readonly addresses?: readonly string[] | null
  readonly conditions?: SliceConditions | null
  readonly nodeName?: string | null
  readonly zone?: string | null
  readonly hints?: { readonly forZones?: readonly { readonly name?: string }[] | null } | null
  readonly targetRef?: { readonly uid?: string } | null
}

/** The state of a pod. Unset conditions count as true for `ready`, as `ready` for `serving`, and as false for `terminating`. */
export interface SliceConditions {
  readonly ready?: boolean | null
  readonly serving?: boolean | null
  readonly terminating?: boolean | null
}

/** A port of the pods of a slice. */
export interface SlicePort {
  readonly name?: string | null
  readonly port?: number | null
  /** Default `TCP`. */
  readonly protocol?: string | null
}
