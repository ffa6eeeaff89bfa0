/** `unix:/run/app.sock` and `unix-abstract:app`: Unix sockets. */
import type { ResolverFactory, Target } from '../contracts/resolver.ts'
import { endpointsOf, FixedResolver } from './fixed-resolver.ts'

/** Maximum length of a path in Linux's `sockaddr_un`, which ends with a NUL. */
const MAX_PATH_BYTES = 107

/** A socket file: `unix:relative/path`, `unix:/absolute/path` or `unix:///absolute/path`. */
export const unixResolver: ResolverFactory = socketResolver('unix', ({ hasAuthority, endpoint }) =>
  hasAuthority ? `/${endpoint}` : endpoint,
)

/** A socket in the abstract namespace, on Linux only. */
export const unixAbstractResolver: ResolverFactory = socketResolver('unix-abstract', ({ endpoint }) => `\0${endpoint}`)

function socketResolver(scheme: string, pathOf: (target: Target) => string): ResolverFactory {
  const parse = (target: Target): string => {
    if (target.authority !== '') throw new RangeError(`${scheme}: "//${target.authority}" must be left out`)
    const path = pathOf(target)
    const isPath = target.endpoint !== '' && Buffer.byteLength(path) <= MAX_PATH_BYTES
    if (isPath) return path
    throw new RangeError(`the path of ${scheme} is "${target.endpoint}": it must have 1 to ${MAX_PATH_BYTES} bytes`)
  }
  return Object.freeze({
    scheme,
    defaultAuthority(target: Target) {
      parse(target)
      return 'localhost'
    },
    create: (target, context) => new FixedResolver(context, { endpoints: endpointsOf([{ path: parse(target) }]) }),
  } satisfies ResolverFactory)
}
