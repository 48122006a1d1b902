// Package seed fills central's stores with synthetic people, so that every state that a
// system can be in, and every action that it can ask for, can be seen.
//
// [People] spreads a mass of them over the systems; shares.go has the one table of how many
// are in what. [Cast] puts in the travellers with a role whom the simulator presents;
// [Roles] says what to expect of each. Everybody is a traveller of capture/synthetic: whom
// the simulator presents by a number is found here under it. The cast has numbers below
// [FirstPerson], the mass has those from there on.
//
// Nothing depends on chance: the same numbers on the same day give the same content, in
// either database, but for the random ids of links. Put in again on another day, visas and
// authorisations move along with the day, while records of crossings, links and what was
// found out about them stay as they are.
//
// Only the first [Prints] people of the mass have fingerprints, and only among the first
// [Linked] does the detector look for links; there are no pictures. This keeps a million
// people within minutes. References to fingers, by which the detector compares, are in
// everybody's file of the common identity repository, except in those of children.
//
// All travellers are third-country nationals: those of UTO need a travel authorisation,
// those of XXA, XXB and XXC a visa. Who needs an authorisation has one unless a role or share
// says otherwise, under the number of the document that is presented: that is the visa's for
// those who present no passport.
//
// That an entry of ECRIS-TCN is told of only with a grant is configured where its register
// is opened, by the category "conviction".
package seed
