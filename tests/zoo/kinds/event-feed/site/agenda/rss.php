<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:ev="http://purl.org/rss/1.0/modules/event/" xmlns:xCal="urn:ietf:params:xml:ns:xcal">
  <channel>
    <title>Agenda de Port-Hervé</title>
    <link>{site}/agenda</link>
    <description>Les événements de la commune</description>
    <language>fr</language>
    <item>
      <title>Concert de chorale</title>
      <link>{site}/agenda/evenement.php?id=8812</link>
      <guid isPermaLink="false">evenement-8812@ville.example</guid>
      <pubDate>Sun, 22 Nov 2026 11:00:00 +0100</pubDate>
      <ev:type>agenda</ev:type>
      <ev:startdate>2026-12-12T20:00:00+01:00</ev:startdate>
      <ev:enddate>2026-12-12T22:00:00+01:00</ev:enddate>
      <ev:location>Église Saint-Malo</ev:location>
      <xCal:dtstart>2026-12-12T20:00:00+01:00</xCal:dtstart>
      <description><![CDATA[<p><b>Quand :</b> samedi 12 décembre 2026, 20 h<br/><b>Où :</b> église Saint-Malo</p><p>Entrée libre, participation au chapeau.</p>]]></description>
      <enclosure url="{site}/agenda/ics.php?id=8812" type="text/calendar" length="812"/>
    </item>
    <item>
      <title>Atelier vannerie</title>
      <link>{site}/agenda/evenement.php?id=8805</link>
      <guid isPermaLink="false">evenement-8805@ville.example</guid>
      <pubDate>Fri, 20 Nov 2026 09:15:30 +0100</pubDate>
      <ev:type>agenda</ev:type>
      <ev:startdate>2026-11-29T14:00:00+01:00</ev:startdate>
      <ev:enddate>2026-11-29T17:00:00+01:00</ev:enddate>
      <ev:location>Salle des fêtes</ev:location>
      <xCal:dtstart>2026-11-29T14:00:00+01:00</xCal:dtstart>
      <description><![CDATA[<p><b>Quand :</b> dimanche 29 novembre 2026, 14 h à 17 h<br/><b>Où :</b> salle des fêtes</p>]]></description>
      <enclosure url="{site}/agenda/ics.php?id=8805" type="text/calendar" length="812"/>
    </item>
    <item>
      <title>Marché annulé</title>
      <link>{site}/agenda/evenement.php?id=8790</link>
      <guid isPermaLink="false">evenement-8790@ville.example</guid>
      <pubDate>Mon, 16 Nov 2026 18:05:12 +0100</pubDate>
      <ev:type>agenda</ev:type>
      <ev:startdate>2026-11-18T08:00:00+01:00</ev:startdate>
      <ev:enddate>2026-11-18T13:00:00+01:00</ev:enddate>
      <ev:location>Place du port</ev:location>
      <xCal:dtstart>2026-11-18T08:00:00+01:00</xCal:dtstart>
      <description><![CDATA[Le marché du mercredi est annulé.]]></description>
      <enclosure url="{site}/agenda/ics.php?id=8790" type="text/calendar" length="812"/>
    </item>
  </channel>
</rss>
