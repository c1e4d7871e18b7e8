/** How a stand-in's consumer is recognised among the members of its group: its client id ends so. */
export const STAND_IN_SUFFIX = '@gray-stand-in';
