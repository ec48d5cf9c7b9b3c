const svgNamespace = 'http://www.w3.org/2000/svg';

/** Outlines in a 24 x 24 box, drawn with a round pen of 1.75. */
const outlines = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h9.5v10.5H9zM15 9V4.5H5.5V15H9',
  external: 'M10 6H5.5v12.5H18V14M13.5 5H19v5.5M19 5l-8.5 8.5',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  restart: 'M12 5v14M5 12h14',
  retry: 'M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5',
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M7.5 7.5h9v9h-9z',
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2.5v2M12 19.5v2M4.6 4.6l1.4 1.4M18 18l1.4 1.4M2.5 12h2M19.5 12h2M4.6 19.4L6 18M18 6l1.4-1.4',
  thumbDown:
    'M17 14V4.5h3V14zM17 14l-3.8 6c-1.3 0-2.2-.9-2.2-2.2L11.6 14H6.5a2 2 0 0 1-2-2.4l1.2-5.5a2 2 0 0 1 2-1.6H17',
  thumbUp:
    'M7 10v9.5H4V10zM7 10l3.8-6c1.3 0 2.2.9 2.2 2.2L12.4 10h5.1a2 2 0 0 1 2 2.4l-1.2 5.5a2 2 0 0 1-2 1.6H7',
} as const;

export type IconName = keyof typeof outlines;

/** A decorative icon; the name of what it stands for belongs to the control around it. */
export const createIcon = (name: IconName): SVGSVGElement => {
  const icon = document.createElementNS(svgNamespace, 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('class', 'icon');
  icon.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svgNamespace, 'path');
  path.setAttribute('d', outlines[name]);
  icon.append(path);
  return icon;
};
