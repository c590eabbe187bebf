/** The part of an address that stands for a title. */
export function slugOf(title) {
  return title.trim().toLowerCase().replace(' ', '-');
}
