/**
 * Requests that state their HTTP method in a header, or have the query of a GET in their body, as grpc-gateway takes them: for clients behind
 * proxies that know GET and POST only, and for queries that are too long for a URL.
 */
import { CallHead, type HeadSource } from '../../../exchange/call-head.ts'
import type { RestRoute, RestRoutes } from './rest-routes.ts'

const OVERRIDE = 'x-http-method-override'
const FORM = 'application/x-www-form-urlencoded'

/** Whether a request is a form, whose body may hold the parameters of its query. */
export function isForm(head: CallHead): boolean {
  return head.method === 'POST' && head.contentType.essence === FORM
}

/**
 * Returns the route of a form: that of the method it states; without one that of GET, unless the path accepts POST. Undefined if it is no
 * such request. Only routes without a body have a place for the parameters of a form.
 */
export function findFormRoute(routes: RestRoutes, head: HeadSource): RestRoute | undefined {
  if (head.method !== 'POST') return undefined
  const call = new CallHead(head)
  if (!isForm(call)) return undefined
  const stated = call.get(OVERRIDE)?.toUpperCase()
  const verb = stated ?? 'GET'
  if (stated === undefined && routes.find('POST', head.path)?.verbs.includes('POST') === true) return undefined
  const route = routes.find(verb, head.path)
  if (route === undefined || !route.verbs.includes(verb) || route.operation.binding.body !== null) return undefined
  return { ...route, verbs: ['POST'], readsForm: true }
}
