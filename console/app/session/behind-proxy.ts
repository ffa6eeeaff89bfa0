/** The paths of a server as a page reaches them: a proxy in between may put a prefix before them. */
import type { ConsoleFacts } from '../../../wire/console/console-facts.ts'

/** Two slashes at the start would be another origin. */
const PREFIX = /^(?:\/[^/]+)+$/

/**
 * Returns facts whose paths have the prefix of the proxy, if there is one.
 *
 * @param pathname that of the page, which is in the folder of the descriptors
 */
export function behindProxy(facts: ConsoleFacts, pathname: string): ConsoleFacts {
  const folder = facts.descriptorsPath.replace(/[^/]*$/, '')
  const added = pathname.endsWith(folder) ? pathname.slice(0, -folder.length) : ''
  if (!PREFIX.test(added)) return facts
  const { prefix, descriptorsPath, metricsPath, docsPath } = facts
  return {
    ...facts,
    prefix: added + prefix,
    descriptorsPath: added + descriptorsPath,
    metricsPath: metricsPath === null ? null : added + metricsPath,
    docsPath: docsPath === null ? null : added + docsPath,
  }
}
