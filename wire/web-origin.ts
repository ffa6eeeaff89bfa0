/** Web origins as the `Origin` header has them (RFC 6454, section 6.2), so that comparing them is comparing text. */

/** Whether a text is an origin: scheme, host and port in canonical form, without user, path or a default port. */
function isWebOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.host !== '' && !text.includes('*') && text === `${url.protocol}//${url.host}`
}

/** Whether a text is an origin, or an origin whose host begins with `*.` and so means every subdomain of the rest. */
export function isOriginPattern(text: string): boolean {
  return isWebOrigin(text) || (isSubdomainPattern(text) && isWebOrigin(text.replace('*.', 'any.')))
}

/** Whether the host of a pattern begins with `*.`. */
export function isSubdomainPattern(pattern: string): boolean {
  return pattern.includes('://*.')
}

const LABELS = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/** Whether an origin is one of those that `https://*.a.example` means: subdomains at any depth, but not `a.example` itself. */
export function isSubdomainOf(pattern: string, origin: string): boolean {
  const [scheme = '', rest = ''] = pattern.split('*.')
  const end = `.${rest}`
  if (!origin.startsWith(scheme) || !origin.endsWith(end)) return false
  return LABELS.test(origin.slice(scheme.length, -end.length))
}
