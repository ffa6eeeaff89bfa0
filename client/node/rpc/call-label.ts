/** The context key of the label that a caller gives its calls in metrics. */
import { type ContextKey, createContextKey } from '@connectrpc/connect'

/**
 * Labels a call in the metrics of its client, as `grpc.client.call.custom` (gRFC A108): the name of the job or of the page that it is for.
 * Metrics show it only if they have the option `callLabels`, as each value makes new time series. Default: none.
 */
export const callLabel: ContextKey<string | undefined> = createContextKey<string | undefined>(undefined, {
  description: 'label of the call in metrics',
})
