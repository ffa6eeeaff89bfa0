/** Where the page is: the part of the URL after `#`, so that links work under any prefix and no server sees what they hold. */
import { computed, signal } from '@preact/signals'
import { linkTo, parseRoute, type ViewName } from './parse-route.ts'

export { linkTo, linkToMember, parseRoute, type Route, VIEW_NAMES, type ViewName } from './parse-route.ts'

// Unit tests have neither a location nor a window.
const hash = signal(globalThis.location?.hash ?? '')
globalThis.addEventListener?.('hashchange', () => {
  hash.value = location.hash
})

/** The current route. */
export const route = computed(() => parseRoute(hash.value))

/** Shows a view, as a click on its link would. */
export function goTo(view: ViewName, name = '', query = ''): void {
  location.hash = linkTo(view, name, query)
}
