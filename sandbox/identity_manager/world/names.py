"""Names, places and posts from which the population is drawn."""

from __future__ import annotations

from typing import Final

GIVEN_NAMES: Final = {
    "FR": "Anne Claire Émilie Chloé Léa Manon Camille Sophie Hélène Inès Aurélie Margaux Noémie Zoé Élodie Pierre Jean-Luc Étienne "
    "François Rémi Loïc Benoît Mathieu Hugo Théo Antoine Guillaume Jérôme Cédric Yann Olivier Baptiste Marie-Ève Anaïs Gaëlle "
    "Maëlys Solène Sébastien Grégoire Raphaël",
    "DE": "Jürgen Björn Jörg Günther Käthe Anke Heike Sabine Ulrike Katrin Steffi Lukas Felix Moritz Jonas Tobias Matthias Stefan "
    "Andreas Thomas Uwe Klaus Sören Greta Lena Annika Birgit Jana Nele Frauke Hans-Peter Karl-Heinz Maximilian Sebastian Tilman",
    "ES": "Ana Lucía María José Begoña Sofía Inés Nuria Elena Paula Marta Rocío Íñigo Álvaro Iván Andrés Ángel Joaquín Raúl "
    "Óscar Sergio Pablo Diego Javier Fernando Jordi Xavier Montserrat Núria Carmen Pilar Adrián Rubén",
    "UK": "James Oliver Harry Emily Charlotte Sarah Rebecca Olivia Grace Hannah Lucy Amelia George Edward Peter Michael Andrew "
    "Rachel Victoria Alice Fiona Ewan Rhys Siobhán Niamh Liam Callum Deborah Keith Nigel Gareth Priya Amir Yusuf Chidi",
}
FAMILY_NAMES: Final = {
    "FR": "Martin Bernard Dubois Thomas Robert Richard Petit Durand Moreau Laurent Simon Michel Lefèvre Garcia Roux Fournier "
    "Morel Girard André Mercier Dupont Lambert Bonnet François Legrand Garnier Faure Rousseau Blanc Guérin Müller Henry Roussel "
    "Nicolas Perrin Morin Mathieu Clément Gauthier Dumont López Fontaine Chevalier Robin Masson Noël D'Amico L'Hôte N'Guyen "
    "Le&Goff De&la&Tour Beaumont Vidal Caron Brun Aubert Lecomte Rivière Pons Cousin Prévost Delattre Hervé Boulanger Marchand",
    "DE": "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf "
    "Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid Köhler "
    "Herrmann König Walter Kaiser Fuchs Peters Möller Weiß Jung Hahn Vogel Friedrich Keller Günther Frank Groß Roth von&Arnim "
    "Strauß Böhm Winkler Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Jäger",
    "ES": "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Moreno "
    "Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres Domínguez Vázquez Ramos Gil Ramírez Serrano Blanco Molina Morales "
    "Suárez Ortega Delgado Castro Ortiz Rubio Marín Sanz Núñez Iglesias Medina Garrido Cortés Castillo Santos Lozano",
    "UK": "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green "
    "Hall Wood Jackson Clarke O'Brien O'Connor O'Neill McDonald MacLeod Patel Khan Hughes Edwards Turner Martin Cooper Hill "
    "Ward Morris Moore Lee King Harris Baker Allen Scott Young Mitchell Anderson Phillips Campbell Okafor Adeyemi Begum Ahmed",
}
SITES: Final = (
    ("Paris", "FR", 30),
    ("Lyon", "FR", 14),
    ("Lille", "FR", 8),
    ("Munich", "DE", 14),
    ("Berlin", "DE", 10),
    ("Madrid", "ES", 10),
    ("Barcelona", "ES", 6),
    ("London", "UK", 8),
)
"""Site, country, weight."""

FUNCTIONS: Final = (
    ("110", "Sales", 20, ("Account Manager", "Sales Representative", "Sales Engineer", "Key Account Director")),
    ("120", "Marketing", 8, ("Marketing Officer", "Content Editor", "Event Manager")),
    ("210", "Finance", 10, ("Accountant", "Controller", "Treasury Analyst", "Payroll Officer")),
    ("220", "Purchasing", 6, ("Buyer", "Category Manager", "Supplier Analyst")),
    ("310", "Production", 22, ("Operator", "Shift Lead", "Process Engineer", "Quality Inspector")),
    ("320", "Logistics", 12, ("Warehouse Clerk", "Dispatcher", "Transport Planner")),
    ("410", "Research", 9, ("Research Engineer", "Laboratory Technician", "Data Scientist")),
    ("510", "Human Resources", 5, ("HR Officer", "Recruiter", "Training Manager")),
    ("520", "Information Technology", 8, ("Developer", "System Administrator", "Service Desk Analyst")),
)
"""Code, name, weight, titles."""

CONTRACTS: Final = (("Permanent", 82), ("Fixed-term", 10), ("Contractor", 5), ("Intern", 3))


def words(text: str) -> tuple[str, ...]:
    """Names of one country; `&` stands for a blank inside a name."""
    return tuple(word.replace("&", " ") for word in text.split())
